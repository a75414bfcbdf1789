// SPDX-License-Identifier: MIT
#pragma once

#include "core/train/corpus.h"

#include <map>
#include <string>

namespace reverie {

/// Where the own pictures of captions stand among all of a split, nearest first, by the embeddings of the
/// corpus: the shares of the captions whose own picture is in the best tenth, in the second and in the last
/// quarter, as "<split>_rank_best_tenth", "_rank_second_quarter" and "_rank_last_quarter". By chance they are
/// 0.1, 0.25 and 0.25. Empty for fewer than 50 rows.
std::map<std::string, double> caption_ranks(const Corpus& corpus, const Rows& rows, const std::string& split);

} // namespace reverie
