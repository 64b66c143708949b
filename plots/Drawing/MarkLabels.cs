using ScottPlot;

namespace Lab.Plots;

/// <summary>The words of vertical marks above the data, in as many rows as it takes for none to lie on another. A label stands
/// right of its line's upper end, or left of it where the figure ends.</summary>
internal sealed class MarkLabels
{
    private const float RowHeight = 17, Gap = 5, Between = 10, FontSize = 12;

    private readonly List<(string Words, LineStyle Line, float X, float Start, float End, int Row)> _places = [];

    /// <param name="marks">With their places in pixels.</param>
    internal MarkLabels(IReadOnlyList<(string Words, LineStyle Line, float X)> marks, float left, float right)
    {
        // From the right: a label then lies above those of the marks that it reaches across, whose lines end below it. Labels
        // left of their line come last.
        foreach ((string words, LineStyle line, float x) in marks.OrderBy(one => FitsRight(one.Words, one.X) ? 0 : 1)
            .ThenByDescending(one => FitsRight(one.Words, one.X) ? one.X : -one.X))
        {
            float width = LabFont.Width(words, FontSize);
            float start = Math.Max(left, FitsRight(words, x) ? x + Gap : x - Gap - width);
            IEnumerable<int> above = _places.Where(other => start < Math.Max(other.X, other.End) + Between
                && Math.Min(other.X, other.Start) < start + width + Between).Select(other => other.Row + 1);
            int row = above.DefaultIfEmpty().Max();
            _places.Add((words, line, x, start, start + width, row));
        }

        bool FitsRight(string words, float x) => x + Gap + LabFont.Width(words, FontSize) <= right;
    }

    /// <summary>What the labels need above the data.</summary>
    internal float Height => RowHeight * _places.Select(one => one.Row + 1).DefaultIfEmpty().Max();

    /// <summary>Where the plot's lines end, on the data's upper edge, these go on.</summary>
    internal void Draw(RenderPack pack, Color background, Action<float, float, string> write)
    {
        float top = pack.DataRect.Top;
        foreach ((_, LineStyle line, float x, _, _, int row) in _places)
        {
            line.Render(pack, new PixelLine(x, UpperEnd(row), x, top));
        }
        foreach ((string words, _, _, float start, float end, int row) in _places)
        {
            // On a patch of background: a line that still crosses it does not strike it out.
            PixelRect patch = new(start - 2, end + 2, UpperEnd(row) + RowHeight - 3, UpperEnd(row));
            new FillStyle(background).Render(pack, patch);
            write(start, UpperEnd(row) + 10, words);
        }

        float UpperEnd(int row) => top - (row * RowHeight) - 14;
    }
}
