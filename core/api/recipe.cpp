// SPDX-License-Identifier: MIT
#include "core/api/recipe.h"

namespace reverie {

namespace {

template <class AnyRecipe, class AnySource>
void collect(AnyRecipe& recipe, std::vector<AnySource*>& all)
{
    for (auto& part : recipe.blend)
        if (part.picture)
            all.push_back(&*part.picture);
    if (recipe.start)
        all.push_back(&recipe.start->picture);
    if (recipe.inpaint) {
        all.push_back(&recipe.inpaint->picture);
        all.push_back(&recipe.inpaint->mask);
    }
    if (recipe.outpaint)
        all.push_back(&recipe.outpaint->picture);
}

} // namespace

std::string kind_of(const Recipe& recipe)
{
    if (recipe.outpaint)
        return "outpainting";
    if (recipe.inpaint)
        return "inpainting";
    if (recipe.start)
        return "picture-to-picture";
    if (recipe.text_diff)
        return "text-diff";
    if (recipe.blend.empty())
        return "drawing";
    return recipe.blend.size() == 1 && recipe.blend[0].picture ? "variation" : "blend";
}

std::vector<const SourcePicture*> sources_of(const Recipe& recipe)
{
    std::vector<const SourcePicture*> all;
    collect(recipe, all);
    return all;
}

std::vector<SourcePicture*> sources_of(Recipe& recipe)
{
    std::vector<SourcePicture*> all;
    collect(recipe, all);
    return all;
}

Recipe without_pixels(Recipe recipe)
{
    for (auto* source : sources_of(recipe))
        source->image = {};
    return recipe;
}

} // namespace reverie
