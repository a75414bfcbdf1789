// SPDX-License-Identifier: MIT
#pragma once

#include "ui/session/model_file.h"

#include <QListWidget>

namespace reverie::ui {

/// The models there are, each with what it can do in a line and whether something is wrong with it.
class ModelsList : public QListWidget
{
    Q_OBJECT
public:
    explicit ModelsList(QWidget* parent = nullptr);

    /// Keeps what is chosen, if it is still there; at first that is the one that draws. Emits nothing.
    void setModels(const QList<ModelFile>& models);
    void setActive(const QString& path); ///< the one that draws
    void setFilter(const QString& words); ///< shows models that have all of them somewhere
    /// Null if none is chosen.
    [[nodiscard]] const ModelFile* current() const;
    void choose(const QString& path);
    [[nodiscard]] int shown() const;

private:
    class Delegate;
    void dress(int row);
    QList<ModelFile> m_models;
    QString m_active, m_filter;
};

} // namespace reverie::ui
