// SPDX-License-Identifier: MIT
#pragma once

#include "ui/session/job_runner.h"
#include "ui/session/model_file.h"

#include <QFileSystemWatcher>
#include <QList>
#include <QObject>
#include <QTimer>

namespace reverie::ui {

/// The models of this computer: those installed and those that were opened from elsewhere. Lives on the
/// application's thread; files are read, hashed and copied on others.
class ModelStore : public QObject
{
    Q_OBJECT
public:
    explicit ModelStore(QObject* parent = nullptr);
    ~ModelStore() override; ///< stops what runs and waits for it, less than a second

    /// Looks at all folders; ends with changed(). Later it looks again by itself when one of them changes.
    void scan();
    [[nodiscard]] const QList<ModelFile>& models() const { return m_models; }
    [[nodiscard]] bool wasScanned() const { return m_scanned; }
    /// Where models are put: the user's own.
    [[nodiscard]] static QString folder();

    /// Whether the file lies in folder() and so may be renamed and thrown away.
    [[nodiscard]] static bool isOwn(const QString& path);
    /// Whether it is listed only because it was opened once.
    [[nodiscard]] bool isFromElsewhere(const QString& path) const;
    /// Lists a file that lies elsewhere, from now on.
    void note(const QString& path);
    void forget(const QString& path);

    /// Looks into any file; ends with inspected().
    void inspect(const QStringList& paths);
    /// Ends with weighed(), if the model can be read: the most memory that drawing one picture takes.
    void weigh(const QString& path);
    /// SHA-256 in the background; hashing() tells how far it is. The newest file wins.
    void hash(const QString& path);
    /// Into folder(), under a name that is free; adding() tells how far it is, added() the name. A copy that
    /// is cancelled leaves nothing.
    void add(const QString& path);
    void cancelAdding() { m_copying.stop(); }

    void remove(const QString& path); ///< to the trash; ends with removed()
    void undoRemoval(); ///< the last one
    void rename(const QString& path, const QString& name); ///< its file; ends with renamed()

Q_SIGNALS:
    void changed(); ///< models()
    void inspected(const QList<reverie::ui::ModelFile>& files);
    void weighed(const QString& path, quint64 bytes);
    void hashing(const QString& path, double done);
    void hashed(const QString& path, const QString& sha256);
    void adding(const QString& path, double done);
    void added(const QString& path);
    void addingCancelled();
    void removed(const QString& path);
    void restored(const QString& path);
    void renamed(const QString& from, const QString& to);
    void failed(const QString& message);

private:
    void watch();
    [[nodiscard]] QStringList elsewhere() const;

    QList<ModelFile> m_models;
    bool m_scanned = false;
    QString m_removed, m_trashed; ///< what undo brings back, and where it is
    QFileSystemWatcher m_watcher;
    QTimer m_scanSoon;
    QThreadPool m_readers, m_hashers, m_copiers;
    JobRunner m_scanning{ m_readers }, m_inspecting{ m_readers }, m_weighing{ m_hashers },
        m_hashing{ m_hashers }, m_copying{ m_copiers };
};

} // namespace reverie::ui
