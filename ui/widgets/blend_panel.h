// SPDX-License-Identifier: MIT
#pragma once

#include "core/api/recipe.h"

#include <QFrame>

#include <vector>

class QLineEdit;
class QSpinBox;
class QToolButton;
class QVBoxLayout;

namespace reverie::ui {

class NumberField;

/// What a picture is mixed from in CLIP's space: pictures and phrases with weights, and the way from one
/// phrase to another. Empty, the prompt alone decides.
class BlendPanel : public QFrame
{
    Q_OBJECT
public:
    explicit BlendPanel(QWidget* parent = nullptr);

    void addPicture(const SourcePicture& picture);
    void addPhrase(const QString& phrase);
    /// Takes over `blend` and `text_diff`, without changed().
    void setRecipe(const Recipe& recipe);
    [[nodiscard]] bool isEmpty() const { return m_parts.empty() && !hasDifference(); }
    /// The same two members, the others empty.
    [[nodiscard]] Recipe recipe() const;
    /// In the order that Tab goes through them.
    [[nodiscard]] std::vector<QWidget*> controls() const;

Q_SIGNALS:
    void changed(); ///< also while a slider moves
    void partsChanged(); ///< controls() did
    void pictureWanted();
    void stripWanted(int steps); ///< from the first part to the last

private:
    struct Part {
        BlendPart part;
        QWidget* row;
        NumberField* weight;
        QToolButton* remove;
    };

    QWidget* makeAdders();
    QWidget* makeDifference();
    QWidget* makeStrip();
    void addPart(BlendPart part);
    void removePart(QWidget* row);
    void clear();
    void takePhrase();
    [[nodiscard]] bool hasDifference() const;

    QVBoxLayout* m_rows;
    QLineEdit* m_phrase;
    QToolButton* m_add;
    QToolButton* m_addPicture;
    QLineEdit* m_from;
    QLineEdit* m_to;
    NumberField* m_strength;
    QWidget* m_strip;
    QSpinBox* m_stripSteps;
    QToolButton* m_drawStrip;
    std::vector<Part> m_parts;
};

} // namespace reverie::ui
