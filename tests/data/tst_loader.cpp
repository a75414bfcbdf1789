// SPDX-License-Identifier: MIT
#include "core/data/loader.h"
#include "core/data/shapes.h"
#include "core/io/dataset_file.h"
#include "core/io/options_json.h"
#include "tests/base/error_of.h"
#include "tests/data/picture_files.h"

#include <QTemporaryDir>
#include <QTest>
#include <torch/torch.h>

#include <algorithm>
#include <chrono>
#include <numeric>

using namespace reverie;

namespace {

const PictureOptions moving{ .crop_scale = 0.5, .flip = true };

LoaderOptions options(std::int64_t batch, std::int64_t window = 0)
{
    LoaderOptions options;
    options.batch = batch;
    options.window = window;
    options.key = 11;
    return options;
}

bool same(const Batch& a, const Batch& b)
{
    return a.step == b.step && a.rows == b.rows && torch::equal(a.pictures, b.pictures);
}

} // namespace

class LoaderTest : public QObject
{
    Q_OBJECT

private:
    QTemporaryDir m_folder;
    std::filesystem::path at(const std::string& name) const
    {
        return std::filesystem::path(m_folder.path().toStdString()) / name;
    }

private Q_SLOTS:
    void whatComesDoesNotDependOnThreads()
    {
        const auto shapes = open_dataset("shapes:50", 16, moving);
        auto slow = options(8, 20), fast = slow;
        slow.ahead = 1;
        fast.ahead = 5;
        Loader one(*shapes, slow), five(*shapes, fast);
        for (int step = 0; step < 20; ++step)
            QVERIFY(same(one.next(), five.next()));
    }

    void itGoesOnWhereItStopped()
    {
        const auto shapes = open_dataset("shapes:50", 16, moving);
        Loader loader(*shapes, options(8));
        for (int step = 0; step < 9; ++step)
            loader.next();
        const auto kept = options_to_json(loader.position());
        Loader other(*shapes, options(8));
        other.next();
        other.seek(options_from_json<LoaderPosition>(kept, "loader"));
        for (int step = 0; step < 5; ++step)
            QVERIFY(same(loader.next(), other.next()));
    }

    void ranksShareEveryBatch_data()
    {
        QTest::addColumn<int>("size");
        QTest::newRow("evenly") << 12;
        QTest::newRow("but for one") << 11;
    }
    void ranksShareEveryBatch()
    {
        QFETCH(int, size);
        const auto shapes = open_dataset("shapes:50", 16, moving);
        Loader alone(*shapes, options(size));
        std::vector<std::unique_ptr<Loader>> ranks;
        for (std::int64_t rank = 0; rank < 3; ++rank) {
            auto share = options(size);
            share.uneven = size % 3 != 0;
            share.rank = rank;
            share.world_size = 3;
            ranks.push_back(std::make_unique<Loader>(*shapes, share));
        }
        for (int step = 0; step < 6; ++step) {
            const auto whole = alone.next();
            std::vector<torch::Tensor> pictures;
            Rows rows;
            for (const auto& rank : ranks) {
                const auto batch = rank->next();
                QCOMPARE(batch.first, std::int64_t(rows.size()));
                rows.insert(rows.end(), batch.rows.begin(), batch.rows.end());
                pictures.push_back(batch.pictures);
            }
            QVERIFY(rows == whole.rows);
            QVERIFY(torch::equal(torch::cat(pictures), whole.pictures));
        }
        auto uneven = options(7);
        uneven.world_size = 2;
        QVERIFY(errorOf([&] { Loader loader(*shapes, uneven); }).contains(u"7 can't be shared"));
    }

    void everyRowComesOnceAnEpoch_data()
    {
        QTest::addColumn<int>("run");
        QTest::addColumn<int>("window");
        QTest::newRow("all") << 1 << 0;
        QTest::newRow("windows") << 1 << 10;
        QTest::newRow("runs") << 3 << 0;
        QTest::newRow("runs in windows") << 3 << 10;
        QTest::newRow("a wide window") << 1 << 1000;
    }
    void everyRowComesOnceAnEpoch()
    {
        QFETCH(int, run);
        QFETCH(int, window);
        Rows rows(47);
        std::iota(rows.begin(), rows.end(), 100);
        SampleOrder order(rows, 47, run, 5, window);
        const auto first = order.at_step(0), second = order.at_step(1);
        QVERIFY(first != second && first != rows);
        for (auto epoch : { first, second }) {
            std::sort(epoch.begin(), epoch.end());
            QVERIFY(epoch == rows);
        }
        QVERIFY(order.at_step(0) == first);
    }

    void aWindowKeepsNeighboursTogether()
    {
        Rows rows(1000);
        std::iota(rows.begin(), rows.end(), 0);
        SampleOrder order(rows, 50, 1, 3, 50);
        for (int step = 0; step < 20; ++step) { // windows begin anywhere and go round
            const auto batch = order.at_step(step);
            Rows places;
            for (const auto row : batch)
                places.push_back((row - batch[0] + 1500) % 1000);
            const auto [least, most] = std::minmax_element(places.begin(), places.end());
            QVERIFY(*most - *least < 50);
        }
    }

    void whatCanNotBeReadIsReplacedAndCounted()
    {
        for (int i = 0; i < 6; ++i)
            writePicture(at("in/" + std::string(1, char('a' + i)) + " thing.png"), QColor(40 * i, 0, 0));
        writeText(at("in/c thing.png"), "broken");
        const auto set = open_dataset(at("in").string(), 16);
        Loader loader(*set, options(6));
        for (int step = 0; step < 3; ++step) {
            const auto batch = loader.next();
            QVERIFY(std::find(batch.rows.begin(), batch.rows.end(), 2) == batch.rows.end());
            for (std::size_t i = 0; i < 6; ++i)
                QCOMPARE(batch.pictures[std::int64_t(i)][0][3][3].item<int>(), int(40 * batch.rows[i]));
            QCOMPARE(batch.skipped.size(), std::size_t(step == 0));
            if (step == 0)
                QVERIFY(batch.skipped[0].sentence.find("c thing.png") != std::string::npos);
        }
        QVERIFY(loader.position().skipped == (std::vector<std::int64_t>{ 2 }));
    }

    void ifNothingCanBeReadItSaysSo()
    {
        for (int i = 0; i < 3; ++i)
            writeText(at("bad/" + std::string(1, char('a' + i)) + " thing.png"),
                      std::string(std::size_t(i + 1), 'x'));
        const auto set = open_dataset(at("bad").string(), 16);
        Loader loader(*set, options(2));
        QVERIFY(errorOf([&] { loader.next(); }).contains(u"3 pictures in a row can't be read"));
    }

    void aShapeHasTheColourItsCaptionSays()
    {
        for (std::uint64_t index = 0; index < 60; ++index) {
            const auto scene = shape_scene(index);
            const auto image = draw_scene(scene, 64);
            for (const auto& shape : scene.shapes) {
                const auto& [name, rgb] = shape_colours[shape.colour];
                QVERIFY(scene.caption.find(std::string(name) + " " + shape_names[shape.shape])
                        != std::string::npos);
                int found = 0;
                for (std::size_t i = 0; i < image.rgb.size(); i += 3)
                    found += std::equal(rgb.begin(), rgb.end(), image.rgb.begin() + std::ptrdiff_t(i));
                const double area = found / (64. * 64 * shape.radius * shape.radius); // of a circle: pi
                QVERIFY2(area > 0.4 && area < (scene.shapes.size() > 1 ? 10 : 3.3), scene.caption.c_str());
            }
        }
    }

    void twoShapesStandAsTheCaptionSays()
    {
        int seen = 0;
        for (std::uint64_t index = 0; index < 300; ++index) {
            const auto [caption, shapes] = shape_scene(index);
            if (shapes.size() < 2)
                continue;
            ++seen;
            const auto says
                = [&text = caption](const char* words) { return text.find(words) != std::string::npos; };
            QVERIFY(says(" above ") == (shapes[1].y - shapes[0].y > 0.4));
            QVERIFY(says(" below ") == (shapes[0].y - shapes[1].y > 0.4));
            QVERIFY(says(" left of ") == (shapes[1].x - shapes[0].x > 0.4));
            QVERIFY(says(" right of ") == (shapes[0].x - shapes[1].x > 0.4));
        }
        QVERIFY(seen > 100 && seen < 200);
    }

    void shapesGoOnForever()
    {
        const auto few = open_dataset("shapes:30", 16), many = open_dataset("shapes:60", 16);
        QVERIFY(std::equal(few->captions().begin(), few->captions().end(), many->captions().begin()));
        QVERIFY(torch::equal(few->pictures({ 7 }), many->pictures({ 7 })));
        QVERIFY(shape_scene(1ULL << 60U).caption != shape_scene((1ULL << 60U) + 1).caption);
        const auto usual = open_dataset("shapes");
        const auto held_out = double(usual->test().size()) / double(usual->captions().size());
        QVERIFY(held_out > 0.02 && held_out < 0.08);
        QVERIFY(errorOf([] { open_dataset("shapes:none"); }).contains(u"shapes:20000"));
    }

    /// The emoji model consumes about 150 samples a second on two cores; ten times that is the aim.
    void itKeepsUpWithTraining()
    {
        for (int i = 0; i < 64; ++i) {
            QImage image(256, 256, QImage::Format_RGB32);
            for (int y = 0; y < 256; ++y)
                for (int x = 0; x < 256; ++x)
                    image.setPixel(x, y, qRgb((x * i) & 255, (y + 3 * x) & 255, (x * y / 64) & 255));
            std::filesystem::create_directories(at("photos"));
            image.save(QString::fromStdString(at("photos/thing " + std::to_string(i) + "x.jpg").string()),
                       "JPG", 90);
        }
        const auto set = open_dataset(at("photos").string(), 64, moving);
        Loader loader(*set, options(64));
        loader.next();
        const auto begin = std::chrono::steady_clock::now();
        constexpr int steps = 12;
        for (int step = 0; step < steps; ++step)
            loader.next();
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
        const double rate = steps * 64 / took.count();
        qInfo("%.0f samples a second from JPEGs of 256 pixels", rate);
        QVERIFY(rate > 150);
    }
};

QTEST_GUILESS_MAIN(LoaderTest)
#include "tst_loader.moc"
