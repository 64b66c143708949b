namespace Lab.Plots;

/// <summary>The words of vertical marks above the data, in as many rows as it takes for none to lie on another. A label stands
/// right of its line's upper end, or left of it where the figure ends.</summary>
internal sealed class MarkLabels
{
    private const double RowHeight = 17, Gap = 5, Between = 10;

    private readonly List<(VerticalMark Mark, double X, double Start, double End, int Row)> _places = [];
    private readonly int _rows;

    /// <param name="marks">With their places in pixels.</param>
    internal MarkLabels(IReadOnlyList<(VerticalMark Mark, double X)> marks, double left, double right)
    {
        // From the right: a label then lies above those of the marks that it reaches across, whose lines end below it. Labels
        // left of their line come last.
        foreach ((VerticalMark mark, double x) in marks.OrderBy(one => FitsRight(one.Mark, one.X, right) ? 0 : 1)
            .ThenByDescending(one => FitsRight(one.Mark, one.X, right) ? one.X : -one.X))
        {
            double width = TextWidth.Of(mark.Label, 12);
            double start = Math.Max(left, FitsRight(mark, x, right) ? x + Gap : x - Gap - width);
            List<(VerticalMark Mark, double X, double Start, double End, int Row)> beneath =
                _places.Where(other => start < Math.Max(other.X, other.End) + Between
                    && Math.Min(other.X, other.Start) < start + width + Between).ToList();
            int row = beneath.Count == 0 ? 0 : beneath.Max(other => other.Row) + 1;
            _places.Add((mark, x, start, start + width, row));
            _rows = Math.Max(_rows, row + 1);
        }
    }

    /// <summary>What the labels need above the data.</summary>
    internal double Height => _rows * RowHeight;

    internal void Draw(SvgCanvas canvas, double top, double bottom)
    {
        foreach ((VerticalMark mark, double x, _, _, int row) in _places)
        {
            canvas.Path($"M{SvgCanvas.Number(x)} {SvgCanvas.Number(UpperEnd(row))}V{SvgCanvas.Number(bottom)}", mark.Tone,
                mark.LinePattern, 1.6, 1);
        }
        foreach ((VerticalMark mark, _, double start, double end, int row) in _places)
        {
            // On a patch of background: a line that still crosses it does not strike it out.
            canvas.Rectangle(start - 2, UpperEnd(row), end - start + 4, RowHeight - 3, "bg", "#ffffff");
            canvas.Text(start, UpperEnd(row) + 10, mark.Label, cssClass: "soft");
        }

        double UpperEnd(int row) => top - (row * RowHeight) - 14;
    }

    private static bool FitsRight(VerticalMark mark, double x, double right) => x + Gap + TextWidth.Of(mark.Label, 12) <= right;
}
