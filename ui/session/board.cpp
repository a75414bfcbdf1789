// SPDX-License-Identifier: MIT
#include "ui/session/board.h"

namespace reverie::ui {

Board::Board(GenerateRequest request)
    : m_request(std::move(request))
{
    m_request.stop_after_stage = 1;
}

int Board::size() const
{
    return static_cast<int>(m_request.prompts.size()) * m_request.count;
}

const Picture* Board::candidate(int index) const
{
    const auto found = m_candidates.find(index);
    return found == m_candidates.end() ? nullptr : &found->second;
}

void Board::toggle(int index)
{
    const Picture* one = candidate(index);
    if (!one || !one->complete || m_finished.contains(index))
        return;
    if (!m_picks.insert(index).second)
        m_picks.erase(index);
}

GenerateRequest Board::takePicks()
{
    GenerateRequest request = m_request;
    request.prompts.clear();
    request.ids.clear();
    request.seeds.clear();
    request.image_embeds.clear();
    request.count = 1;
    request.stop_after_stage = 0;
    m_taken.assign(m_picks.begin(), m_picks.end());
    for (const int index : m_taken) {
        const Picture& candidate = m_candidates.at(index);
        request.prompts.push_back(candidate.prompt);
        request.seeds.push_back(candidate.seed);
        request.image_embeds.push_back(candidate.image_embed);
        request.kept.push_back({ 1, candidate.image });
    }
    m_picks.clear();
    return request;
}

Picture Board::completed(Picture picture) const
{
    const Picture& candidate = m_candidates.at(m_taken.at(picture.index));
    picture.candidates = candidate.candidates;
    picture.image_embed = candidate.image_embed;
    for (size_t stage = 0; stage < picture.steps.size() && stage < candidate.steps.size(); ++stage)
        if (picture.steps[stage].empty())
            picture.steps[stage] = candidate.steps[stage];
    return picture;
}

void Board::setFinished(int index, quint64 id)
{
    m_finished[m_taken.at(index)] = id;
}

} // namespace reverie::ui
