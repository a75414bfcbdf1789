// SPDX-License-Identifier: MIT
#include "core/io/xmp.h"

#include "core/base/utf8.h"

#include <algorithm>
#include <array>
#include <utility>

namespace reverie {

namespace {

constexpr std::string_view attribute = " reverie:Making=\"";
constexpr std::string_view name_space = " xmlns:reverie=\"urn:reverie:making\"";
constexpr std::array<std::pair<char, std::string_view>, 7> escapes = { { { '&', "&amp;" },
                                                                         { '<', "&lt;" },
                                                                         { '>', "&gt;" },
                                                                         { '"', "&quot;" },
                                                                         { '\n', "&#10;" },
                                                                         { '\r', "&#13;" },
                                                                         { '\t', "&#9;" } } };

/// Valid inside an attribute: what XML 1.0 can't hold at all becomes U+FFFD.
std::string escaped(std::string_view text)
{
    std::string out;
    for (const char32_t code : decode_utf8(text)) {
        const auto* known = std::find_if(escapes.begin(), escapes.end(), [code](const auto& escape) {
            return code == static_cast<char32_t>(escape.first);
        });
        if (known != escapes.end())
            out += known->second;
        else
            append_utf8(out, code < 0x20 || code == 0xfffe || code == 0xffff ? U'\ufffd' : code);
    }
    return out;
}

std::string unescaped(std::string_view text)
{
    std::string out;
    while (!text.empty()) {
        const auto* known = std::find_if(escapes.begin(), escapes.end(), [text](const auto& escape) {
            return text.starts_with(escape.second);
        });
        out += known != escapes.end() ? known->first : text.front();
        text.remove_prefix(known != escapes.end() ? known->second.size() : 1);
    }
    return out;
}

} // namespace

std::string xmp_packet(DigitalSource source, std::string_view version)
{
    const std::string type = source == DigitalSource::TrainedModel ? "trainedAlgorithmicMedia"
                                                                   : "compositeWithTrainedAlgorithmicMedia";
    return "<?xpacket begin=\"\xEF\xBB\xBF\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>"
           "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\">"
           "<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">"
           "<rdf:Description rdf:about=\"\" xmlns:Iptc4xmpExt=\"http://iptc.org/std/Iptc4xmpExt/2008-02-29/\""
           " Iptc4xmpExt:DigitalSourceType=\"http://cv.iptc.org/newscodes/digitalsourcetype/"
        + type + "\" Iptc4xmpExt:AISystemUsed=\"Reverie\" Iptc4xmpExt:AISystemVersionUsed=\""
        + escaped(version) + "\"/></rdf:RDF></x:xmpmeta><?xpacket end=\"w\"?>";
}

std::string xmp_with_record(std::string packet, std::string_view record)
{
    const auto end = packet.find("/></rdf:RDF>");
    if (end != std::string::npos)
        packet.insert(end, std::string(name_space) + std::string(attribute) + escaped(record) + "\"");
    return packet;
}

std::string record_in_xmp(std::string_view packet)
{
    const auto begin = packet.find(attribute);
    if (begin == std::string_view::npos)
        return {};
    packet.remove_prefix(begin + attribute.size());
    return unescaped(packet.substr(0, packet.find('"')));
}

} // namespace reverie
