namespace Lab.Plots;

/// <summary>
/// The words of vertical marks above the data, in as many rows as it takes for none to lie on another. A label stands right of its line's upper end, or
/// left of it where the figure ends.
/// </summary>
internal sealed class MarkLabels
{
    private const double RowHeight = 17, Gap = 5, Between = 10;

    private readonly List<(VerticalMark Mark, double X, double Start, int Row)> _places = [];
    private readonly int _rows;

    /// <param name="marks">With their places in pixels.</param>
    internal MarkLabels(IReadOnlyList<(VerticalMark Mark, double X)> marks, double left, double right)
    {
        List<double> ends = []; // Of each row's last label; rows are filled from the lowest up.
        foreach (var (mark, x) in marks.OrderBy(one => one.X))
        {
            var width = TextWidth.Of(mark.Label, 12);
            var start = Math.Max(left, x + Gap + width <= right ? x + Gap : x - Gap - width);
            var row = ends.FindIndex(end => end + Between <= start);
            if (row < 0)
            {
                row = ends.Count;
                ends.Add(0);
            }

            ends[row] = start + width;
            _places.Add((mark, x, start, row));
        }

        _rows = ends.Count;
    }

    /// <summary>What the labels need above the data.</summary>
    internal double Height => _rows * RowHeight;

    internal void Draw(SvgCanvas canvas, double top, double bottom)
    {
        foreach (var (mark, x, start, row) in _places)
        {
            var upperEnd = top - (row * RowHeight) - 14;
            canvas.Path($"M{SvgCanvas.Number(x)} {SvgCanvas.Number(upperEnd)}V{SvgCanvas.Number(bottom)}", mark.Tone, mark.LinePattern, 1.6, 1);
            canvas.Text(start, upperEnd + 10, mark.Label, cssClass: "soft");
        }
    }
}
