// SPDX-License-Identifier: MIT
#pragma once

#include "core/api/generator.h"

#include <QtGlobal>

#include <map>
#include <set>

namespace reverie::ui {

/// The candidates of one request, drawn through the first stage only, and which of them a person picked to be
/// drawn to the end.
class Board
{
public:
    Board() = default;
    explicit Board(GenerateRequest request);

    [[nodiscard]] bool isEmpty() const { return m_request.prompts.empty(); }
    [[nodiscard]] int size() const;
    [[nodiscard]] const GenerateRequest& request() const { return m_request; }

    void add(const Picture& candidate) { m_candidates[candidate.index] = candidate; }
    /// Null as long as it is not drawn.
    [[nodiscard]] const Picture* candidate(int index) const;

    [[nodiscard]] const std::set<int>& picks() const { return m_picks; }
    /// Nothing happens to a candidate that is not drawn, or drawn to the end already.
    void toggle(int index);
    void clearPicks() { m_picks.clear(); }

    /// The request that draws the picks to the end: their first stage is kept, their seeds stay theirs. The
    /// picks are then no longer picked.
    GenerateRequest takePicks();
    /// A finished pick with what the first stage knew of it; `index` is its place among the picks.
    [[nodiscard]] Picture completed(Picture picture) const;
    void setFinished(int index, quint64 id);
    /// Id in the picture list of a pick that is drawn to the end, by candidate.
    [[nodiscard]] const std::map<int, quint64>& finished() const { return m_finished; }

private:
    GenerateRequest m_request;
    std::map<int, Picture> m_candidates;
    std::set<int> m_picks;
    std::vector<int> m_taken; ///< by place among the picks
    std::map<int, quint64> m_finished;
};

} // namespace reverie::ui
