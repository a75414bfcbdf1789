// SPDX-License-Identifier: MIT
#include "tests/ui/gallery_window.h"
#include "ui/session/picture_stages.h"
#include "ui/widgets/create_page.h"
#include "ui/widgets/gallery_details.h"
#include "ui/widgets/gallery_sidebar.h"
#include "ui/widgets/message_bar.h"
#include "ui/widgets/parameter_panel.h"
#include "ui/widgets/time_line.h"
#include "ui/widgets/viewer.h"

#include <QAction>
#include <QApplication>
#include <QLineEdit>
#include <QPushButton>
#include <QSlider>
#include <QToolButton>

using namespace reverie;
using namespace reverie::ui;

/// What the gallery knows of pictures beyond their words: what they show, how they came about, and from what.
class GalleryMeaningTest : public GalleryWindowTest
{
    Q_OBJECT

    QString nameAt(int row) const
    {
        const GalleryEntry* entry = page().model().entryAt(row);
        return entry ? QFileInfo(entry->path).fileName() : QString();
    }

    /// As a program that is started now would find it.
    std::size_t placedOnDisk() const
    {
        Gallery gallery(m_fixture->places());
        std::size_t placed = 0;
        for (const auto& entry : gallery.entries(gallery.find({})))
            placed += !gallery.pointOf(QStringLiteral("fa4e"), entry).empty();
        return placed;
    }

    QToolButton* toolButton(const QAction* action) const
    {
        for (auto* button : page().findChildren<QToolButton*>())
            if (button->defaultAction() == action)
                return button;
        return nullptr;
    }

private Q_SLOTS:
    void initTestCase() { setUp(); }

    void init()
    {
        begin();
        // Their words say nothing of what they show.
        const char* const shown[] = { "rocket", "owl", "red apple", "sailboat" };
        for (int i = 0; i < 4; ++i)
            m_fixture->keep(QStringLiteral("%1.png").arg(i), fakeTarget(shown[i]),
                            "picture " + std::to_string(i), 100 + i);
        // The owl once more, smaller and softer.
        const QImage soft = fakeTarget("owl").scaled(40, 40, Qt::KeepAspectRatio, Qt::SmoothTransformation);
        m_fixture->keep(QStringLiteral("copy.png"), soft, "picture 5", 105);
        open();
    }

    void cleanup() { shut(); }

    void picturesArePlacedWhileNothingIsDrawn()
    {
        goToGallery(5);
        QTRY_COMPARE(placedOnDisk(), std::size_t(5));
        QDir(m_fixture->path(QStringLiteral("data"))).removeRecursively();
    }

    void aTextFindsWhatPicturesShow()
    {
        goToGallery(5);
        QTRY_COMPARE(placedOnDisk(), std::size_t(5));
        QTest::keyClick(&grid(), Qt::Key_B);
        QVERIFY(page().actions().byMeaning->isChecked());
        QCOMPARE(QApplication::focusWidget(), &page().searchField());
        QTest::keyClicks(&page().searchField(), QStringLiteral("rocket"));
        QTRY_COMPARE(nameAt(0), QStringLiteral("0.png"));
        QCOMPARE(shown(), 5);
        page().searchField().selectAll();
        QTest::keyClicks(&page().searchField(), QStringLiteral("red apple"));
        QTRY_COMPARE(nameAt(0), QStringLiteral("2.png"));
        // Words are words again.
        QTest::mouseClick(toolButton(page().actions().byMeaning), Qt::LeftButton);
        QTRY_COMPARE(shown(), 0);
    }

    void moreLikeAPictureAreFoundByAKeyAndEndedByEscape()
    {
        goToGallery(5);
        QTRY_COMPARE(placedOnDisk(), std::size_t(5));
        for (int row = 0; row < 5; ++row)
            if (nameAt(row) == QLatin1String("1.png"))
                click(row);
        QTest::keyClick(&grid(), Qt::Key_L);
        QTRY_COMPARE(nameAt(0), QStringLiteral("1.png"));
        QCOMPARE(nameAt(1), QStringLiteral("copy.png"));
        const auto* chip = page().findChild<QPushButton*>(QStringLiteral("alikeChip"));
        QVERIFY(chip->isVisible() && chip->text().contains(QLatin1String("1.png")));
        QCOMPARE(page().model().query().point.size(), std::size_t(192));
        QTest::keyClick(&grid(), Qt::Key_Escape);
        QTRY_VERIFY(page().model().query().point.empty());
        QVERIFY(!chip->isVisible());
    }

    void aPictureThatIsNotPlacedYetIsLookedAtWhenAskedFor()
    {
        goToGallery(5);
        QTRY_COMPARE(placedOnDisk(), std::size_t(5));
        const QString fresh = m_fixture->path(QStringLiteral("fresh.png"));
        QVERIFY(fakeTarget("sailboat").save(fresh));
        GalleryMeaning meaning(*m_session, *m_store);
        QSignalSpy located(&meaning, &GalleryMeaning::located), failed(&meaning, &GalleryMeaning::failed);
        GalleryEntry entry;
        entry.path = fresh;
        meaning.locate(entry);
        QTRY_COMPARE(located.size(), 1);
        entry.path = QStringLiteral("/nowhere.png");
        meaning.locate(entry);
        QTRY_COMPARE(failed.size(), 1);
    }

    void nearDuplicatesAreFoldedAndCounted()
    {
        goToGallery(5);
        QTRY_COMPARE(placedOnDisk(), std::size_t(5));
        QTest::mouseClick(toolButton(page().actions().fold), Qt::LeftButton);
        QTRY_COMPARE(shown(), 4);
        int counted = 0;
        for (int row = 0; row < 4; ++row)
            counted += page().model().index(row).data(GalleryModel::FoldedRole).toInt();
        QCOMPARE(counted, 1);
        QTRY_VERIFY(!grid().grab().toImage().isNull());
        QTest::keyClick(&grid(), Qt::Key_D);
        QTRY_COMPARE(shown(), 5);
    }

    void relativesAreLinkedBothWays()
    {
        m_fixture->keep(QStringLiteral("child.png"), fakeTarget("rocket"), "a child", 7,
                        { "0.png", "gone.png" });
        goToGallery(6);
        for (int row = 0; row < 6; ++row)
            if (nameAt(row) == QLatin1String("child.png"))
                click(row);
        const auto link = [this](const char* name) -> QPushButton* {
            for (auto* button : page().details().findChildren<QPushButton*>())
                if (button->text() == QLatin1String(name) && button->isVisible())
                    return button;
            return nullptr;
        };
        QTRY_VERIFY(link("0.png"));
        QVERIFY(!link("gone.png"));
        // Filters that hide the parent go away.
        page().searchField().setText(QStringLiteral("child"));
        QTRY_COMPARE(shown(), 1);
        QTRY_VERIFY(link("0.png"));
        QTest::mouseClick(link("0.png"), Qt::LeftButton);
        QTRY_COMPARE(shown(), 6);
        QTRY_COMPARE(nameAt(grid().currentIndex().row()), QStringLiteral("0.png"));
        QTRY_VERIFY(link("child.png"));
        link("child.png")->setFocus();
        QTest::keyClick(link("child.png"), Qt::Key_Space);
        QTRY_COMPARE(nameAt(grid().currentIndex().row()), QStringLiteral("child.png"));
    }

    void theViewerGoesBackThroughTheSteps()
    {
        Picture drawn;
        const auto shade = [](int side, int value) {
            return Image{ side, side, std::vector<std::uint8_t>(std::size_t(side * side * 3), value) };
        };
        drawn.stages = { shade(16, 200), shade(64, 200) };
        drawn.steps = { { shade(16, 10), shade(16, 60), shade(16, 60), shade(16, 200) }, { shade(64, 200) } };
        const QString file = m_fixture->picture(QStringLiteral("0.png"));
        writeStages(toPath(file), drawn, GalleryFixture::making("picture 0", 100, 64));
        const PictureStages kept = readStages(file);
        QCOMPARE(kept.stages.size(), std::size_t(2));
        QCOMPARE(kept.steps.size(), std::size_t(2));
        QCOMPARE(kept.steps[0].size(), std::size_t(4)); // the two that look the same, too
        goToGallery(5);
        for (int row = 0; row < 5; ++row)
            if (nameAt(row) == QLatin1String("0.png"))
                click(row);
        QTest::keyClick(&grid(), Qt::Key_Return);
        TimeLine& line = page().viewer().timeLine();
        QTRY_VERIFY(line.isVisible());
        QCOMPARE(line.frames().size(), std::size_t(5));
        auto* slider = line.findChild<QSlider*>();
        const auto centre = [this] {
            const QImage seen = page().viewer().canvas().grab().toImage();
            return qGray(seen.pixel(seen.width() / 2, seen.height() / 2));
        };
        QTest::keyClick(slider, Qt::Key_Home);
        QTRY_VERIFY(std::abs(centre() - 10) < 8);
        QTest::keyClick(slider, Qt::Key_Right);
        QTRY_VERIFY(std::abs(centre() - 60) < 8);
        QTest::keyClick(slider, Qt::Key_End);
        QTRY_VERIFY(line.atEnd());
    }

    void whatTheWindowDrawsKeepsItsStages()
    {
        goToGallery(5);
        QSignalSpy saved(m_session.get(), &Session::pictureSaved);
        GenerateRequest request;
        request.prompts = { "owl" };
        m_session->draw(request, QStringLiteral("auto"));
        QTRY_COMPARE(saved.size(), 1);
        const PictureStages kept = readStages(saved[0][0].toString());
        QCOMPARE(kept.stages.size(), std::size_t(2));
        QCOMPARE(kept.stages[0].width(), 16);
    }
};

QTEST_MAIN(GalleryMeaningTest)
#include "tst_gallery_meaning.moc"
