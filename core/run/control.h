// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace reverie {

/// What a watcher asks of a run: pause, resume, stop, checkpoint, sample, set or rollback.
struct ControlRequest {
    std::string verb;
    std::string arguments = "{}"; ///< a JSON object: set takes key and value, rollback step, sample prompts
};

/// Puts a request into the run's folder, whole. The run answers with an event line. Throws UsageError for a
/// verb that does not exist or arguments that are no object, Error if the folder can't be written.
void post_request(const std::filesystem::path& run, const ControlRequest& request);

/// The requests there are, oldest first; they are gone from the folder. One that can't be read comes as it
/// is, with whatever its name says as verb.
std::vector<ControlRequest> take_requests(const std::filesystem::path& run);

} // namespace reverie
