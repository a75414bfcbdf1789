// SPDX-License-Identifier: MIT
#pragma once

#include "core/api/generator.h"

#include <QByteArray>
#include <QString>
#include <QStringList>

#include <map>

namespace reverie::ui {

enum class Appearance { System, Light, Dark };

/// What the program remembers from one start to the next, in the user's QSettings. Values are kept as they
/// were left, and whoever shows them clamps them to what the model can do.
class Settings
{
public:
    /// Prompt, seed and everything that differs from the model's defaults; a seed of nothing is a new one for
    /// every run.
    struct Draft {
        QString prompt;
        std::optional<quint64> seed;
        GenerateRequest request; ///< prompts and seed unused; of the recipe, what is no picture survives
        std::map<QString, QString> lists; ///< of numbers to draw with each, as typed, by Axis::parameter
        int board = 0; ///< candidates to choose from; 0: pictures are drawn to the end
        QString device = QStringLiteral("auto");
    };

    static Draft draft();
    static void setDraft(const Draft& draft);
    static std::optional<quint64> lastSeed();
    static void setLastSeed(quint64 seed);
    static Appearance appearance();
    static void setAppearance(Appearance appearance);
    /// The strip that was asked for last: its requests, see to_json(), and the files of its pictures.
    struct Strip {
        QStringList requests, paths;
    };
    static Strip strip();
    static void setStrip(const Strip& strip);
    static QString outputFolder(); ///< default: `Reverie` in the user's pictures folder
    static void setOutputFolder(const QString& folder);
    static QString namePattern(); ///< of new pictures, see check_name_pattern()
    static void setNamePattern(const QString& pattern);
    static QString model(); ///< path; empty: whichever is found
    static void setModel(const QString& path);
    static QStringList runFolders(); ///< whose training runs are listed too
    static void setRunFolders(const QStringList& folders);
    /// Of an action, in QKeySequence's portable text; nothing: as it ships.
    static std::optional<QString> keys(const QString& action);
    static void setKeys(const QString& action, const std::optional<QString>& keys);
    static bool notifications(); ///< of the desktop, and progress in its task bar; default: yes
    static void setNotifications(bool wanted);
    static QByteArray geometry();
    static void setGeometry(const QByteArray& geometry);
    static QByteArray panes();
    static void setPanes(const QByteArray& state);
};

} // namespace reverie::ui
