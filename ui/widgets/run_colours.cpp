// SPDX-License-Identifier: MIT
#include "ui/widgets/run_colours.h"

#include "ui/widgets/theme.h"

#include <array>

namespace reverie::ui {

QColor curveColour(int index)
{
    // The first is the accent, the rest after Okabe and Ito, each dark or light enough for its background.
    static constexpr std::array<QRgb, 10> onLight{ 0x5546c9, 0xc65102, 0x00866a, 0xb1307c, 0x1f78b4,
                                                   0x8a6d00, 0x5b5b66, 0x7a3e1d, 0x2b8c8c, 0xd0393e };
    static constexpr std::array<QRgb, 10> onDark{ 0x9a90f5, 0xf29544, 0x3ecfa3, 0xf07fb6, 0x64b5f0,
                                                  0xe5c454, 0xb3b3c0, 0xc99a75, 0x67d5d8, 0xff8585 };
    const auto& colours = Theme::instance().isDark() ? onDark : onLight;
    return QColor(colours.at(std::size_t(index) % colours.size()));
}

} // namespace reverie::ui
