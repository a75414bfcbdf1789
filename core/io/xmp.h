// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace reverie {

/// Where a picture comes from, in IPTC's words.
enum class DigitalSource {
    TrainedModel, ///< trainedAlgorithmicMedia
    Composite, ///< compositeWithTrainedAlgorithmicMedia: parts of it were not drawn by a model
};

/// An XMP packet with Iptc4xmpExt:DigitalSourceType, AISystemUsed and AISystemVersionUsed.
std::string xmp_packet(DigitalSource source, std::string_view version);

/// The packet with Reverie's JSON record inside, for files that have no other place for it.
std::string xmp_with_record(std::string packet, std::string_view record);

/// The record inside; empty if there is none.
std::string record_in_xmp(std::string_view packet);

} // namespace reverie
