// SPDX-License-Identifier: MIT
#include "ui/widgets/assembly_row.h"

#include "ui/widgets/theme.h"

#include <QDropEvent>
#include <QFileDialog>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QLabel>
#include <QMimeData>
#include <QPushButton>
#include <QStyle>
#include <QToolButton>
#include <QVBoxLayout>

namespace reverie::ui {

namespace {

constexpr int name_width = 96;

} // namespace

QStringList localFiles(const QMimeData& data)
{
    QStringList files;
    for (const QUrl& url : data.urls())
        if (url.isLocalFile())
            files << url.toLocalFile();
    return files;
}

AssemblyRow::AssemblyRow(const QString& name, const QString& key, const QString& what, QWidget* parent)
    : QFrame(parent)
    , m_name(name)
    , m_hint(what)
    , m_file(new QLabel)
    , m_what(new QLabel(what))
    , m_choose(new QPushButton(tr("Choose…")))
    , m_clear(new QToolButton)
{
    setObjectName(key + QStringLiteral("Place"));
    setProperty("place", true);
    setAcceptDrops(true);
    auto* title = new QLabel(name);
    title->setFixedWidth(name_width);
    m_file->setTextFormat(Qt::PlainText);
    m_file->setMinimumWidth(40);
    m_file->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    m_what->setTextFormat(Qt::PlainText);
    m_what->setProperty("muted", true);
    m_what->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    m_choose->setObjectName(key + QStringLiteral("Choose"));
    m_choose->setProperty("small", true);
    m_choose->setAccessibleName(tr("Choose the file of the %1").arg(name));
    m_clear->setObjectName(key + QStringLiteral("Clear"));
    m_clear->setIcon(Theme::icon(QStringLiteral("close")));
    m_clear->setAccessibleName(tr("Take the file of the %1 out").arg(name));
    m_clear->setToolTip(m_clear->accessibleName());
    m_clear->setFocusPolicy(Qt::StrongFocus);
    auto* texts = new QVBoxLayout;
    texts->setSpacing(1);
    texts->addWidget(m_file);
    texts->addWidget(m_what);
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(14, 8, 8, 8);
    layout->setSpacing(8);
    layout->addWidget(title);
    layout->addLayout(texts, 1);
    layout->addWidget(m_clear);
    layout->addWidget(m_choose);
    connect(m_choose, &QPushButton::clicked, this, &AssemblyRow::choose);
    connect(m_clear, &QToolButton::clicked, this, &AssemblyRow::clearWanted);
    show({});
}

void AssemblyRow::show(const Assembly::Filling& filling)
{
    const bool filled = !filling.path.isEmpty();
    m_file->setVisible(filled);
    m_file->setText(QFileInfo(filling.path).fileName());
    m_file->setToolTip(filling.path);
    m_what->setText(filled ? filling.what : m_hint);
    m_what->setToolTip(m_what->text());
    m_clear->setVisible(filled);
    setAccessibleName(m_name);
    setAccessibleDescription(filled ? m_file->text() + QStringLiteral(", ") + filling.what : tr("empty"));
    setProperty("filled", filled);
    style()->unpolish(this);
    style()->polish(this);
}

void AssemblyRow::choose()
{
    auto* dialog = new QFileDialog(this, tr("Choose the file of the %1").arg(m_name), {},
                                   tr("Weights and vocabularies (*.safetensors *.pt *.pth *.ckpt *.bin *.th "
                                      "*.json *.txt *.gz);;All files (*)"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(QFileDialog::ExistingFile);
    connect(dialog, &QFileDialog::filesSelected, this, &AssemblyRow::filesWanted);
    dialog->open();
}

void AssemblyRow::setTarget(bool target)
{
    setProperty("target", target);
    style()->unpolish(this);
    style()->polish(this);
}

void AssemblyRow::dragEnterEvent(QDragEnterEvent* event)
{
    if (localFiles(*event->mimeData()).size() != 1)
        return; // several find their places by themselves
    setTarget(true);
    event->acceptProposedAction();
}

void AssemblyRow::dragLeaveEvent(QDragLeaveEvent*)
{
    setTarget(false);
}

void AssemblyRow::dropEvent(QDropEvent* event)
{
    setTarget(false);
    event->acceptProposedAction();
    Q_EMIT filesWanted(localFiles(*event->mimeData()));
}

} // namespace reverie::ui
