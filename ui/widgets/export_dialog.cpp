// SPDX-License-Identifier: MIT
#include "ui/widgets/export_dialog.h"

#include <QCheckBox>
#include <QComboBox>
#include <QDate>
#include <QFileDialog>
#include <QFileInfo>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QProgressBar>
#include <QPushButton>
#include <QSpinBox>
#include <QStandardPaths>
#include <QVBoxLayout>

namespace reverie::ui {

namespace {

QSpinBox* number(int from, int to, int value, const QString& name)
{
    auto* box = new QSpinBox;
    box->setRange(from, to);
    box->setValue(value);
    box->setAccessibleName(name);
    return box;
}

QString defaultDestination()
{
    return QStandardPaths::writableLocation(QStandardPaths::DownloadLocation) + QStringLiteral("/reverie-")
        + QDate::currentDate().toString(Qt::ISODate);
}

} // namespace

ExportDialog::ExportDialog(GalleryStore& store, const QList<qint64>& chosen, const QList<qint64>& shown,
                           QWidget* parent)
    : QDialog(parent)
    , m_store(store)
    , m_chosen(chosen)
    , m_shown(shown)
    , m_fields(new QWidget)
    , m_form(new QFormLayout(m_fields))
{
    setWindowTitle(tr("Export pictures"));
    m_threads.setMaxThreadCount(1);
    m_previewThread.setMaxThreadCount(1);
    makeFields(*m_form);
    m_preview = new QPlainTextEdit;
    m_preview->setReadOnly(true);
    m_preview->setAccessibleName(tr("What the first file will say"));
    m_preview->setTabChangesFocus(true);
    m_error = new QLabel;
    m_error->setWordWrap(true);
    m_error->setTextFormat(Qt::PlainText);
    m_error->hide();
    m_progress = new QProgressBar;
    m_progress->setTextVisible(false);
    m_progress->setAccessibleName(tr("Progress"));
    m_progress->hide();
    m_export = new QPushButton(tr("&Export"));
    m_export->setProperty("primary", true);
    m_export->setDefault(true);
    m_cancel = new QPushButton(tr("Cancel"));
    m_cancel->setProperty("tall", true);
    auto* buttons = new QHBoxLayout;
    buttons->setSpacing(8);
    buttons->addWidget(m_progress, 1);
    buttons->addStretch();
    buttons->addWidget(m_cancel);
    buttons->addWidget(m_export);
    auto* previewTitle = new QLabel(tr("What the first file will say"));
    previewTitle->setProperty("section", true);
    previewTitle->setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed);
    auto* right = new QVBoxLayout;
    right->setSpacing(8);
    right->addWidget(previewTitle);
    right->addWidget(m_preview, 1);
    auto* columns = new QHBoxLayout;
    columns->setSpacing(24);
    columns->addWidget(m_fields, 3);
    columns->addLayout(right, 2);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(24, 24, 24, 20);
    layout->setSpacing(16);
    layout->addLayout(columns, 1);
    layout->addWidget(m_error);
    layout->addLayout(buttons);
    resize(760, 480);
    connectFields();
    change();
}

ExportDialog::~ExportDialog()
{
    m_work.silence();
    m_previewing.silence();
    m_threads.waitForDone();
    m_previewThread.waitForDone();
}

void ExportDialog::makeFields(QFormLayout& form)
{
    form.setContentsMargins({});
    form.setVerticalSpacing(8);
    form.setHorizontalSpacing(12);
    form.setFieldGrowthPolicy(QFormLayout::AllNonFixedFieldsGrow);
    const auto add = [&form](const QString& text, QWidget* field) {
        field->setAccessibleName(text);
        form.addRow(text, field);
    };
    m_what = new QComboBox;
    m_what->addItem(m_chosen.size() == 1 ? tr("The chosen picture")
                                         : tr("%1 chosen pictures").arg(m_chosen.size()));
    if (m_shown.size() != m_chosen.size())
        m_what->addItem(tr("All %1 pictures shown").arg(m_shown.size()));
    add(tr("What"), m_what);
    m_kind = new QComboBox;
    for (const auto& [name, kind] : { std::pair{ tr("Folder"), ExportKind::Folder },
                                      { tr("ZIP file"), ExportKind::Zip },
                                      { tr("Web page for any browser"), ExportKind::Html },
                                      { tr("Contact sheet, PDF"), ExportKind::Pdf },
                                      { tr("Contact sheet, PNG"), ExportKind::Sheet },
                                      { tr("Animation, WebP"), ExportKind::Animation },
                                      { tr("Animation, GIF"), ExportKind::Gif } })
        m_kind->addItem(name, static_cast<int>(kind));
    add(tr("As"), m_kind);
    m_image = new QComboBox;
    for (const auto& [name, format] : { std::pair{ tr("PNG"), ImageFormat::Png },
                                        { tr("JPEG"), ImageFormat::Jpeg },
                                        { tr("WebP"), ImageFormat::Webp } })
        m_image->addItem(name, static_cast<int>(format));
    add(tr("Pictures"), m_image);
    m_quality = number(1, 100, 90, {});
    add(tr("Quality"), m_quality);
    m_side = number(0, 16384, 0, {});
    m_side->setSpecialValueText(tr("As they are"));
    m_side->setSuffix(tr(" px at most"));
    add(tr("Size"), m_side);
    m_columns = number(1, 12, 5, {});
    add(tr("Columns"), m_columns);
    m_milliseconds = number(20, 10000, 500, {});
    m_milliseconds->setSuffix(tr(" ms each"));
    add(tr("Time"), m_milliseconds);
    m_pattern = new QLineEdit(ExportOptions().pattern);
    m_pattern->setToolTip(tr("[number], [seed], [prompt], [date], [model] and [name] are filled in."));
    add(tr("Names"), m_pattern);
    m_textFiles = new QCheckBox(tr("Prompts beside them (.txt)"));
    m_jsonFiles = new QCheckBox(tr("Everything beside them (.json)"));
    m_metadataFile = new QCheckBox(tr("A list for data sets (metadata.jsonl)"));
    for (QCheckBox* box : { m_textFiles, m_jsonFiles, m_metadataFile }) {
        box->setAccessibleName(box->text());
        form.addRow(QString(), box);
    }
    m_strip = new QCheckBox(tr("Leave out how they were made"));
    m_strip->setAccessibleName(m_strip->text());
    m_strip->setToolTip(tr("No prompt, seed, model or program anywhere in what is exported"));
    form.addRow(QString(), m_strip);
    m_destination = new QLineEdit(defaultDestination());
    m_destination->setAccessibleName(tr("Where to"));
    m_choose = new QPushButton(tr("Choose…"));
    auto* where = new QHBoxLayout;
    where->setSpacing(8);
    where->addWidget(m_destination, 1);
    where->addWidget(m_choose);
    form.addRow(tr("Where to"), where);
}

void ExportDialog::connectFields()
{
    for (QComboBox* box : { m_what, m_kind, m_image })
        connect(box, &QComboBox::currentIndexChanged, this, &ExportDialog::change);
    connect(m_strip, &QCheckBox::toggled, this, &ExportDialog::change);
    connect(m_pattern, &QLineEdit::textChanged, this, &ExportDialog::preview);
    connect(m_choose, &QPushButton::clicked, this, &ExportDialog::chooseDestination);
    connect(m_export, &QPushButton::clicked, this, &ExportDialog::start);
    connect(m_cancel, &QPushButton::clicked, this, &ExportDialog::reject);
}

ExportOptions ExportDialog::options() const
{
    ExportOptions options;
    options.kind = static_cast<ExportKind>(m_kind->currentData().toInt());
    options.image = static_cast<ImageFormat>(m_image->currentData().toInt());
    options.quality = m_quality->value();
    options.longestSide = m_side->value();
    options.pattern = m_pattern->text();
    options.textFiles = m_textFiles->isChecked();
    options.jsonFiles = m_jsonFiles->isChecked();
    options.metadataFile = m_metadataFile->isChecked();
    options.stripMetadata = m_strip->isChecked();
    options.columns = m_columns->value();
    options.frameMilliseconds = m_milliseconds->value();
    return options;
}

QString ExportDialog::destination() const
{
    return m_destination->text();
}

void ExportDialog::setDestination(const QString& path)
{
    m_destination->setText(path);
}

const QList<qint64>& ExportDialog::ids() const
{
    return m_what->currentIndex() == 1 ? m_shown : m_chosen;
}

void ExportDialog::change()
{
    const ExportOptions now = options();
    const bool files = now.kind == ExportKind::Folder || now.kind == ExportKind::Zip;
    const bool pictures = files || now.kind == ExportKind::Html;
    const bool animation = now.kind == ExportKind::Animation, gif = now.kind == ExportKind::Gif;
    const auto show = [this](QWidget* field, bool visible) {
        field->setVisible(visible);
        if (QWidget* label = m_form->labelForField(field))
            label->setVisible(visible);
    };
    show(m_image, pictures);
    show(m_quality, (pictures && now.image != ImageFormat::Png) || animation);
    show(m_columns, now.kind == ExportKind::Pdf || now.kind == ExportKind::Sheet);
    show(m_milliseconds, animation || gif);
    show(m_pattern, files && !now.stripMetadata);
    for (QCheckBox* box : { m_textFiles, m_jsonFiles, m_metadataFile })
        box->setVisible(files && !now.stripMetadata);
    preview();
}

void ExportDialog::preview()
{
    if (ids().isEmpty())
        return;
    const ExportOptions now = options();
    m_store.ask(
        this, [id = ids().first()](Gallery& gallery) { return gallery.entries({ id }); },
        [this, now](const QList<GalleryEntry>& entries) {
            if (entries.isEmpty())
                return;
            m_previewing.start(
                [entry = entries.first(), now](const std::stop_token&, const JobRunner::Post&) {
                    QString text = exportName(entry, 1, now) + QStringLiteral("\n\n");
                    for (const auto& [keyword, value] : exportedTexts(entry, now))
                        text += QString::fromStdString(keyword) + QStringLiteral(":\n")
                            + QString::fromStdString(value).left(4000) + QStringLiteral("\n\n");
                    return text;
                },
                [this, now](const QString& text) {
                    const bool pictures = now.kind == ExportKind::Folder || now.kind == ExportKind::Zip;
                    m_preview->setPlainText(now.stripMetadata ? tr("Nothing but the picture.")
                                                : pictures    ? text
                                                              : text.section(QStringLiteral("\n\n"), 1));
                },
                [this](const QString& text) { m_preview->setPlainText(text); });
        });
}

void ExportDialog::chooseDestination()
{
    const QString extension = exportExtension(options().kind);
    auto* dialog = new QFileDialog(this, tr("Where to"), m_destination->text());
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setAcceptMode(QFileDialog::AcceptSave);
    dialog->setOption(QFileDialog::DontConfirmOverwrite); // it never does
    if (!extension.isEmpty())
        dialog->setDefaultSuffix(extension.mid(1));
    connect(dialog, &QFileDialog::fileSelected, m_destination, &QLineEdit::setText);
    dialog->open();
}

void ExportDialog::setRunning(bool running)
{
    m_running = running;
    m_fields->setEnabled(!running);
    m_export->setEnabled(!running);
    m_progress->setVisible(running);
    m_cancel->setText(running ? tr("Stop") : tr("Cancel"));
}

void ExportDialog::start()
{
    m_error->hide();
    setRunning(true);
    m_progress->setRange(0, 0);
    m_store.ask(
        this, [ids = ids()](Gallery& gallery) { return gallery.entries(ids); },
        [this](const QList<GalleryEntry>& entries) {
            m_work.start(
                [this, entries, to = destination(), options = options()](const std::stop_token& stop,
                                                                         const JobRunner::Post& post) {
                    const auto progress = [this, &post](int done, int of) {
                        post([this, done, of] {
                            m_progress->setRange(0, of);
                            m_progress->setValue(done);
                        });
                    };
                    return exportPictures(entries, to, options, progress, stop);
                },
                [this](const QString& path) {
                    setRunning(false);
                    if (path.isEmpty())
                        return;
                    Q_EMIT exported(path);
                    accept();
                },
                [this](const QString& text) {
                    setRunning(false);
                    m_error->setText(text);
                    m_error->show();
                });
        });
}

void ExportDialog::reject()
{
    if (m_running)
        m_work.stop();
    else
        QDialog::reject();
}

} // namespace reverie::ui
