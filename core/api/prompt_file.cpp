// SPDX-License-Identifier: MIT
#include "core/api/prompt_file.h"

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/utf8.h"

#include <sstream>

namespace reverie {

std::vector<std::string> read_prompt_file(const std::filesystem::path& path)
{
    std::string text = read_file(path);
    if (!is_utf8(text))
        throw Error(path.string() + " is not UTF-8 text; save it as UTF-8.");
    if (text.starts_with("\xEF\xBB\xBF"))
        text.erase(0, 3);

    std::vector<std::string> prompts;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        if (line.ends_with('\r'))
            line.pop_back();
        if (line.find_first_not_of(" \t\r\n\v\f") != std::string::npos)
            prompts.push_back(std::move(line));
    }
    if (prompts.empty())
        throw Error(path.string() + " holds no prompts; write one on each line.");
    return prompts;
}

} // namespace reverie
