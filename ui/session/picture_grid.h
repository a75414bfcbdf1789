// SPDX-License-Identifier: MIT
#pragma once

#include "core/api/picture_file.h"

#include <QImage>
#include <QString>

namespace reverie::ui {

/// What a parameter that may vary is called where people read it: "Decoder guidance".
QString axisTitle(const std::string& parameter);

/// A sheet of pictures that differ in one or two parameters, with the values above the columns and before the
/// rows. `axes` are the columns' and perhaps the rows'; `cells` go by rows, and a null one stays empty. Every
/// pixel of a picture is one pixel of the sheet, or a square of them where the pictures are small. Any thread
/// of a program that has fonts.
QImage paintGrid(const std::vector<Axis>& axes, const std::vector<QImage>& cells);

/// The same as a PNG that says how it was made; `making` is that of its first picture.
QByteArray gridFile(const std::vector<Axis>& axes, const std::vector<QImage>& cells, PictureMaking making);

} // namespace reverie::ui
