// SPDX-License-Identifier: MIT
#pragma once

#include "ui/session/job_runner.h"
#include "ui/session/queue_entry.h"

#include "core/api/request_axes.h"

#include <QAbstractListModel>
#include <QElapsedTimer>
#include <QThreadPool>

#include <map>
#include <memory>

namespace reverie::ui {

class QueueDatabase;
class Session;

/// The drawings that were asked for, in the order in which the session draws them. Whatever happens to it is
/// on the disk a moment later, so that it goes on where it was after the program ended, however it ended.
class DrawQueue : public QAbstractListModel
{
    Q_OBJECT
public:
    enum Role { PromptRole = Qt::UserRole, DetailRole, ProblemRole, ProgressRole, IdRole };
    enum class Where { Front, Back };

    /// With an empty `file` it lasts as long as this object.
    explicit DrawQueue(Session& session, const QString& file = {}, QObject* parent = nullptr);
    ~DrawQueue() override; ///< waits until it is on the disk
    /// `queue.sqlite` in the user's data folder.
    static QString standardFile();

    /// Adds drawings, each with its seed, and begins the first if nothing else is drawn.
    void add(const std::vector<GenerateRequest>& requests, const QString& device, Where where = Where::Back);
    /// The same for parts of a set, whose pictures are cells of the grid of that id, if there is one.
    void add(const std::vector<SetPart>& parts, const QString& device, Where where, const QString& grid = {});
    /// Something of that grid is still to be drawn or written.
    [[nodiscard]] bool holds(const QString& grid) const;
    [[nodiscard]] bool isLoaded() const { return m_loaded; } ///< what was queued before is there
    /// What is queued outlives this object: there is a file, and no other window has it.
    [[nodiscard]] bool isKept() const { return m_isKept; }
    [[nodiscard]] const QString& file() const { return m_file; } ///< empty: there is none
    /// What is being drawn stops, and what there is of it is kept.
    void remove(const QList<int>& rows);
    [[nodiscard]] bool canUndo() const { return !m_removed.empty(); }
    void undoRemove();
    /// To the place before `before`, which may be the number of rows.
    void move(int row, int before);
    void retry(int row); ///< one that failed; nothing happens to one that can't be read
    [[nodiscard]] bool isPaused() const { return m_paused; }
    /// What is being drawn is drawn to its end.
    void setPaused(bool paused);
    /// The program is about to end: what is being drawn stays in the queue when it is stopped.
    void holdBack() { m_holding = true; }
    void goOn(); ///< it does not end after all

    [[nodiscard]] const QueueEntry& at(int row) const { return m_entries.at(row); }
    [[nodiscard]] bool isRunning() const { return m_running != 0; }
    [[nodiscard]] int waiting() const; ///< without what is being drawn and what failed
    /// For that many operations, once a rate is known.
    [[nodiscard]] static std::optional<double> secondsFor(const QString& device, double flops);
    /// Of all of it, once a rate is known. What stands far back is taken to be like what stands in front.
    [[nodiscard]] std::optional<double> secondsLeft() const;

    int rowCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    Qt::ItemFlags flags(const QModelIndex& index) const override;
    Qt::DropActions supportedDropActions() const override { return Qt::MoveAction; }
    QStringList mimeTypes() const override;
    QMimeData* mimeData(const QModelIndexList& indexes) const override;
    bool dropMimeData(const QMimeData* data, Qt::DropAction action, int row, int column,
                      const QModelIndex& parent) override;

Q_SIGNALS:
    void loaded(); ///< what was queued before is about to be there
    void begun(); ///< a drawing of the queue
    void ended(); ///< the last of them
    void changed();
    void cellSaved(const QString& grid, int cell, const QString& path);
    void failed(const QString& message); ///< of the disk, or why the queue was paused

private:
    void load(const QString& file);
    void ask(std::vector<QueueEntry> entries, const QString& device, Where where);
    void insert(std::vector<QueueEntry> entries);
    void advance(bool overExploring = false);
    void begin(QueueEntry& entry);
    void finish(bool stopped);
    void fail(qint64 id, const QString& message);
    void keepTrack(int pictureRow);
    void markSaved(const QString& path, quint64 picture);
    void erase(int row);
    std::vector<QueueEntry> take(int first, int last); ///< rows, out of the list but not off the disk
    void foretell(); ///< what is drawn soon
    void preview(QueueEntry& entry);
    void learnRate(const QueueEntry& entry);
    [[nodiscard]] int rowOf(qint64 id) const; ///< -1 if it is not there
    [[nodiscard]] std::optional<double> secondsOf(const QueueEntry& entry) const;
    [[nodiscard]] QString detail(const QueueEntry& entry) const;
    void announce(int row);
    /// Brings the disk up to date with what changes of entries.
    void update(const QueueEntry& entry);
    void update(const std::vector<QueueEntry>& entries);
    /// `work` on the disk's thread; nothing happens without a file.
    void store(std::function<void(QueueDatabase&)> work);

    struct Place {
        qint64 entry;
        int index; ///< in the entry's request
        QString grid; ///< as the entry has it
        int cell = -1;
    };

    Session& m_session;
    QString m_file;
    std::vector<QueueEntry> m_entries; ///< by place
    std::vector<QueueEntry> m_removed; ///< what undoRemove() brings back
    qint64 m_lastId = 0;
    qint64 m_running = 0; ///< id of what is being drawn
    qint64 m_opening = 0; ///< id of what waits for its model
    std::vector<int> m_indices; ///< of the pictures being drawn in their entry's request
    std::map<quint64, Place> m_unsaved; ///< by id in the session's list of pictures
    QElapsedTimer m_since;
    bool m_paused = false;
    bool m_holding = false;
    bool m_loaded = false;
    bool m_isKept;
    std::shared_ptr<std::unique_ptr<QueueDatabase>> m_database; ///< touched on m_disk only
    QThreadPool m_disk;
};

} // namespace reverie::ui
