// SPDX-License-Identifier: MIT
#pragma once

#include <QString>
#include <QTemporaryDir>

#include <memory>

namespace reverie::ui {

class DrawQueue;
class GalleryStore;
class MainWindow;
class ModelStore;
class RunStore;
class Session;

/// The whole program with the model that ships, in a home of its own with a few pictures, a training run and
/// a model of the user's. Training runs that it starts end at once.
class WholeProgram
{
public:
    WholeProgram();
    ~WholeProgram();
    WholeProgram(const WholeProgram&) = delete;
    WholeProgram& operator=(const WholeProgram&) = delete;

    [[nodiscard]] QString home() const { return m_folder.filePath(QStringLiteral("home/somebody")); }
    void start(); ///< shows the window
    void quit(); ///< whatever it is doing
    [[nodiscard]] MainWindow& window() const { return *m_window; }
    [[nodiscard]] Session& session() const { return *m_session; }
    [[nodiscard]] DrawQueue& queue() const { return *m_queue; }

private:
    void fill() const;

    QTemporaryDir m_folder;
    std::unique_ptr<Session> m_session;
    std::unique_ptr<GalleryStore> m_gallery;
    std::unique_ptr<RunStore> m_runs;
    std::unique_ptr<ModelStore> m_models;
    std::unique_ptr<DrawQueue> m_queue;
    std::unique_ptr<MainWindow> m_window;
};

} // namespace reverie::ui
