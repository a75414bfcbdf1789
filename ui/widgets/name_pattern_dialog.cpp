// SPDX-License-Identifier: MIT
#include "ui/widgets/name_pattern_dialog.h"

#include "core/api/picture_names.h"
#include "core/base/error.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QVBoxLayout>

namespace reverie::ui {

namespace {

PictureMaking examplePicture()
{
    PictureMaking making;
    making.prompt = "slice of pizza";
    making.seed = 4711;
    making.settings.model = "Emoji";
    making.settings.model_hash = "9c1185a5c5";
    return making;
}

} // namespace

NamePatternDialog::NamePatternDialog(const QString& pattern, QWidget* parent)
    : QDialog(parent)
    , m_pattern(new QLineEdit(pattern))
    , m_example(new QLabel)
    , m_use(new QPushButton(tr("&Use")))
{
    setWindowTitle(tr("Names of new pictures"));
    auto* words = new QLabel(
        tr("Filled in are [index], [seed], [prompt], [date], [datetime<%Y-%m-%d-%H%M%S>], [model] and "
           "[model_hash]; a slash makes a folder. No file is ever overwritten."));
    words->setWordWrap(true);
    words->setProperty("muted", true);
    m_pattern->setObjectName(QStringLiteral("namePattern"));
    m_pattern->setAccessibleName(tr("Names of new pictures"));
    m_example->setObjectName(QStringLiteral("nameExample"));
    m_example->setWordWrap(true);
    m_example->setTextFormat(Qt::PlainText);
    m_example->setMinimumHeight(2 * fontMetrics().lineSpacing());
    m_example->setAlignment(Qt::AlignLeft | Qt::AlignTop);
    m_use->setProperty("primary", true);
    m_use->setDefault(true);
    auto* standard = new QPushButton(tr("As at &First"));
    standard->setToolTip(QString::fromLatin1(default_name_pattern));
    auto* cancel = new QPushButton(tr("Cancel"));
    for (QPushButton* button : { standard, cancel })
        button->setProperty("tall", true);
    auto* buttons = new QHBoxLayout;
    buttons->addWidget(standard);
    buttons->addStretch();
    buttons->addWidget(cancel);
    buttons->addWidget(m_use);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(24, 24, 24, 20);
    layout->setSpacing(12);
    layout->addWidget(m_pattern);
    layout->addWidget(m_example);
    layout->addWidget(words);
    layout->addLayout(buttons);
    setMinimumWidth(520);
    connect(m_pattern, &QLineEdit::textChanged, this, &NamePatternDialog::showExample);
    connect(standard, &QPushButton::clicked, this,
            [this] { m_pattern->setText(QString::fromLatin1(default_name_pattern)); });
    connect(cancel, &QPushButton::clicked, this, &QDialog::reject);
    connect(m_use, &QPushButton::clicked, this, [this] {
        Q_EMIT chosen(m_pattern->text());
        accept();
    });
    showExample();
}

void NamePatternDialog::showExample()
{
    try {
        m_example->setText(
            QString::fromStdString(example_name(m_pattern->text().toStdString(), examplePicture(), 1)));
        m_use->setEnabled(true);
    } catch (const Error& error) {
        m_example->setText(QString::fromUtf8(error.what()));
        m_use->setEnabled(false);
    }
}

} // namespace reverie::ui
