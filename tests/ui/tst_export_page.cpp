// SPDX-License-Identifier: MIT
#include "tests/ui/browser.h"
#include "tests/ui/fake_engine.h"
#include "tests/ui/gallery_fixture.h"
#include "ui/session/export.h"

#include <QTest>

using namespace reverie;
using namespace reverie::ui;

/// The web page that the gallery exports, in a browser.
class ExportPageTest : public QObject
{
    Q_OBJECT

    GalleryFixture m_fixture;
    std::unique_ptr<Browser> m_browser;
    QStringList m_prompts;
    QString m_page;

    int shown()
    {
        return m_browser->run(QStringLiteral("return document.querySelectorAll('.picture').length")).toInt();
    }
    bool isOpen()
    {
        return m_browser->run(QStringLiteral("return document.getElementById('viewer').open")).toBool();
    }
    QString promptShown()
    {
        return m_browser->run(QStringLiteral("return document.getElementById('prompt').textContent"))
            .toString();
    }
    QString colourOf(const char* what)
    {
        return m_browser
            ->run(QStringLiteral("return getComputedStyle(document.body)['%1']").arg(QLatin1String(what)))
            .toString();
    }

private Q_SLOTS:
    void initTestCase()
    {
        m_prompts
            = { QStringLiteral("rocket"),
                QStringLiteral("owl at night"),
                QStringLiteral("\"quoted\" 'single' </script><script>alert(1)</script> &amp; <b>bold</b>"),
                QStringLiteral("two\nlines\r\nand\ttabs \\u003c \\"),
                QString::fromUtf8("🍕🧑‍🚀 emoji"),
                QString::fromUtf8("مرحبا بالعالم"),
                QStringLiteral("long ") + QString(10'000, QLatin1Char('x')),
                QString::fromUtf8("line\u2028separator ${x} `tick`") };
        QList<GalleryEntry> entries;
        for (int i = 0; i < m_prompts.size(); ++i)
            entries << readEntry(m_fixture.keep(QStringLiteral("%1.png").arg(i), fakeTarget("owl"),
                                                m_prompts[i].toStdString(), i));
        ExportOptions options;
        options.kind = ExportKind::Html;
        options.title = QStringLiteral("My \"best\" <pictures>");
        m_page = exportPictures(entries, m_fixture.path(QStringLiteral("on a stick/gallery #1")), options)
            + QStringLiteral("/index.html");
        m_browser = std::make_unique<Browser>();
    }

    void cleanupTestCase() { m_browser.reset(); }

    void init() { m_browser->open(m_page); }

    /// Whatever was done, nothing came from elsewhere, and nothing went wrong.
    void cleanup()
    {
        const QString folder
            = QUrl::fromLocalFile(QFileInfo(m_page).absolutePath()).toString(QUrl::FullyEncoded);
        const QStringList asked = m_browser->requests();
        QVERIFY(!asked.isEmpty());
        for (const QString& address : asked)
            QVERIFY2(address.startsWith(folder + QLatin1Char('/'))
                         || address.startsWith(QLatin1String("data:"))
                         || address.startsWith(QLatin1String("chrome:")), // its own empty page
                     qPrintable(address));
        QCOMPARE(m_browser->complaints(), QStringList());
    }

    void anHtmlCheckerHasNothingToSay()
    {
        QProcess tidy;
        tidy.start(QStringLiteral("tidy"),
                   { QStringLiteral("-quiet"), QStringLiteral("-errors"), QStringLiteral("-utf8"), m_page });
        QVERIFY2(tidy.waitForStarted(), "tidy is missing; run packaging/install-packages.sh --tests.");
        QVERIFY(tidy.waitForFinished());
        const QByteArray said = tidy.readAllStandardError();
        QVERIFY2(said.isEmpty() && tidy.exitCode() == 0, said.constData());
    }

    void typingSearches()
    {
        QCOMPARE(shown(), 8);
        m_browser->type("#search", QStringLiteral("NIGHT owl"));
        QCOMPARE(shown(), 1);
        QCOMPARE(
            m_browser->run(QStringLiteral("return document.getElementById('count').textContent")).toString(),
            QStringLiteral("1 of 8 pictures"));
        m_browser->type("#search", QString::fromUtf8(" nothing"));
        QCOMPARE(shown(), 0);
    }

    void everyPromptComesThroughIntact()
    {
        for (int i = 0; i < m_prompts.size(); ++i) {
            m_browser->click(qPrintable(QStringLiteral(".picture:nth-child(%1)").arg(i + 1)));
            QVERIFY(isOpen());
            QCOMPARE(promptShown(), m_prompts[i]);
            QVERIFY(
                m_browser->run(QStringLiteral("return document.getElementById('large').naturalWidth")).toInt()
                == 64);
            m_browser->click("#close");
            QVERIFY(!isOpen());
        }
        QCOMPARE(m_browser->run(QStringLiteral("return document.title")).toString(),
                 QStringLiteral("My \"best\" <pictures>"));
    }

    void keysLeadThroughThePictures()
    {
        m_browser->type(".picture", QStringLiteral("\uE007"));
        QVERIFY(isOpen());
        QCOMPARE(promptShown(), m_prompts[0]);
        m_browser->type("#viewer", QStringLiteral("\uE014"));
        QCOMPARE(promptShown(), m_prompts[1]);
        m_browser->type("#viewer", QStringLiteral("\uE012\uE012"));
        QCOMPARE(promptShown(), m_prompts.last());
        m_browser->type("#viewer", QStringLiteral("\uE00C"));
        QVERIFY(!isOpen());
    }

    void aLanguageFromTheRightIsSetFromTheRight()
    {
        m_browser->click(".picture:nth-child(6)");
        QCOMPARE(
            m_browser->run(QStringLiteral("return document.getElementById('prompt').matches(':dir(rtl)')"))
                .toBool(),
            true);
        m_browser->click("#close");
    }

    void theShadeFollowsTheSystemAndTheButton()
    {
        m_browser->preferDark(false);
        const QString light = colourOf("backgroundColor");
        m_browser->preferDark(true);
        const QString dark = colourOf("backgroundColor");
        QVERIFY(light != dark);
        m_browser->click("#shade");
        QCOMPARE(colourOf("backgroundColor"), light);
        m_browser->preferDark(false);
    }

    void aNarrowScreenScrollsOneWayOnly()
    {
        m_browser->resize(380, 700);
        QVERIFY(m_browser->run(QStringLiteral("return document.documentElement.scrollWidth <= innerWidth"))
                    .toBool());
        m_browser->click(".picture:nth-child(7)");
        QVERIFY(m_browser->run(QStringLiteral("return document.documentElement.scrollWidth <= innerWidth"))
                    .toBool());
        m_browser->click("#close");
        m_browser->resize(1000, 800);
    }

    void aStickThatIsPluggedInElsewhereWorksToo()
    {
        const QString folder = QFileInfo(m_page).absolutePath();
        const QString elsewhere = m_fixture.path(QStringLiteral("élsewhere"));
        QVERIFY(QDir().rename(folder, elsewhere));
        m_page = elsewhere + QStringLiteral("/index.html");
        m_browser->requests();
        m_browser->open(m_page);
        m_browser->complaints(); // of the page before, whose pictures went while it loaded them
        m_browser->click(".picture:nth-child(2)");
        QCOMPARE(promptShown(), m_prompts[1]);
        QVERIFY(m_browser->run(QStringLiteral("return document.getElementById('large').naturalWidth")).toInt()
                == 64);
    }
};

QTEST_MAIN(ExportPageTest)
#include "tst_export_page.moc"
