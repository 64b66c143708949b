using System.Text;

namespace Lab.Plots;

/// <summary>One drawing of a plot at one size. Room is given out from the outside in: title, legend, axis labels, tick labels;
/// the data get the rest.</summary>
internal sealed class PlotDrawing
{
    private const double Edge = 16, TickGap = 8, TitleLine = 22, SubtitleLine = 18, StripLine = 9;

    private readonly Plot _plot;
    private readonly int _width, _height;
    private readonly LegendLayout _legend;
    private readonly IReadOnlyList<string> _title, _subtitle;
    private readonly (double Low, double High)? _xLimits, _yLimits;
    private readonly IReadOnlyList<Tick> _xTicks = [], _yTicks = [];
    private readonly double _left, _top, _right, _bottom;
    private readonly MarkLabels _marks = new([], 0, 0);

    internal PlotDrawing(Plot plot, int width, int height)
    {
        (_plot, _width, _height) = (plot, width, height);
        PlottableAdder add = plot.Add;
        (Axis left, Axis bottom) = (plot.Axes.Left, plot.Axes.Bottom);
        _legend = plot.Legend.LayOut(
        [
            .. add.Scatters.Where(s => s.LegendText.Length > 0)
                .Select(s => new LegendEntry(s.LegendText, s.Tone, KeyOf(s), s.LinePattern, s.MarkerShape)),
            .. add.BarSeries.Where(b => b.LegendText.Length > 0)
                .Select(b => new LegendEntry(b.LegendText, b.Tone, LegendKey.Square)),
            .. add.Bands.Where(b => b.LegendText.Length > 0)
                .Select(b => new LegendEntry(b.LegendText, b.Tone, LegendKey.Square, Opacity: Math.Min(1, 2 * b.Opacity))),
            .. add.Strips.Where(s => s.LegendText.Length > 0)
                .Select(s => new LegendEntry(s.LegendText, s.Tone, LegendKey.Square)),
            .. add.Marks.Where(mark => mark.LegendText.Length > 0)
                .Select(mark => new LegendEntry(mark.LegendText, mark.Tone, LegendKey.Line, mark.LinePattern)),
        ], width);

        _title = TextWidth.Wrap(plot.Title, 17, width - (2 * Edge)); // A size up: the title is bold.
        _subtitle = TextWidth.Wrap(plot.Subtitle, 12, width - (2 * Edge));
        _top = Edge + (_title.Count * TitleLine) + (_subtitle.Count * SubtitleLine) + 10 + (add.Strips.Count * StripLine);
        _bottom = height - Edge - 18 - (bottom.Label.Length > 0 ? 22 : 0) - (_legend.IsRight ? 0 : _legend.Height);

        List<Bar> bars = add.BarSeries.SelectMany(series => series.Items).ToList();
        List<(double First, double Second)> points = add.Scatters.SelectMany(s => s.Xs.Zip(s.Ys))
            .Where(p => bottom.Scale.CanShow(p.First) && left.Scale.CanShow(p.Second)).ToList();
        points.AddRange(add.Bands.SelectMany(CornersOf));
        if (bars.Count + points.Count == 0) return; // "No data" needs no axes.

        _yLimits = left.LimitsFor(points.Select(p => p.Second));
        _yTicks = left.TicksFor(_yLimits!.Value, (int)((_bottom - _top) / 34));
        _left = Edge + (left.Label.Length > 0 ? 22 : 0) + _yTicks.Max(tick => TextWidth.Of(tick.Label)) + TickGap;
        _right = width - Edge - (_legend.IsRight ? _legend.Width + Edge : 8);

        _xLimits = bottom.LimitsFor(points.Select(p => p.First).Concat(bars.SelectMany(EndsOf)));
        if (bars.Count > 0) _xLimits = (_xLimits!.Value.Low, RoomForLabels(bars, _xLimits.Value.High));
        _xTicks = bottom.TicksFor(_xLimits!.Value, (int)((_right - _left) / 80));
        _marks = new MarkLabels([.. add.Marks.Where(mark => bottom.Scale.CanShow(mark.X)).Select(mark => (mark, X(mark.X)))],
            _left, _right);
        _top += _marks.Height;
    }

    internal string Draw()
    {
        using SvgCanvas canvas = new(_width, _height, _plot.Title, _plot.Description);
        DrawTitle(canvas);
        if (_xLimits is null || _yLimits is null)
        {
            canvas.Text(_width / 2.0, _height / 2.0, "no data", TextAnchor.Middle, "soft");
            return canvas.Finish();
        }

        DrawAxes(canvas);
        foreach (Band band in _plot.Add.Bands) DrawBand(canvas, band);
        foreach ((int row, Strip strip) in _plot.Add.Strips.Index()) DrawStrip(canvas, strip, row);
        _marks.Draw(canvas, _top, _bottom);
        foreach (Bars series in _plot.Add.BarSeries) DrawBars(canvas, series);
        foreach (Scatter scatter in _plot.Add.Scatters) DrawScatter(canvas, scatter);
        DrawLegend(canvas);
        return canvas.Finish();
    }

    private void DrawTitle(SvgCanvas canvas)
    {
        foreach ((int index, string line) in _title.Index())
        {
            canvas.Text(Edge, Edge + 15 + (index * TitleLine), line, cssClass: "title");
        }
        foreach ((int index, string line) in _subtitle.Index())
        {
            canvas.Text(Edge, Edge + 13 + (_title.Count * TitleLine) + (index * SubtitleLine), line, cssClass: "soft");
        }
    }

    private void DrawAxes(SvgCanvas canvas)
    {
        (Axis left, Axis bottom) = (_plot.Axes.Left, _plot.Axes.Bottom);
        foreach (Tick tick in _yTicks)
        {
            if (!left.IsNamed) canvas.Line(_left, Y(tick.Value), _right, Y(tick.Value), "grid", "#e3e7eb");
            canvas.Text(_left - TickGap, Y(tick.Value) + 4.5, tick.Label, TextAnchor.End);
        }

        double lastEnd = double.NegativeInfinity;
        foreach (Tick tick in _xTicks)
        {
            double x = X(tick.Value);
            canvas.Line(x, _top, x, _bottom, "grid", "#e3e7eb");
            double half = TextWidth.Of(tick.Label) / 2;
            if (tick.Label.Length == 0 || x - half < lastEnd + 6) continue;
            canvas.Text(x, _bottom + 18, tick.Label, TextAnchor.Middle);
            lastEnd = x + half;
        }

        canvas.Line(_left, _bottom, _right, _bottom, "axis", "#8b949e");
        canvas.Line(_left, _top, _left, _bottom, "axis", "#8b949e");
        if (bottom.Label.Length > 0) canvas.Text((_left + _right) / 2, _bottom + 39, bottom.Label, TextAnchor.Middle, "soft");
        if (left.Label.Length > 0)
        {
            canvas.Text(Edge + 8, (_top + _bottom) / 2, left.Label, TextAnchor.Middle, "soft", isUpright: true);
        }
    }

    private void DrawBars(SvgCanvas canvas, Bars series)
    {
        foreach (Bar bar in series.Items)
        {
            double thickness = Math.Max(Math.Abs(Y(bar.Position + (bar.Size / 2)) - Y(bar.Position - (bar.Size / 2))), 1.5);
            (double start, double end, double middle) = (X(bar.ValueBase), X(bar.Value), Y(bar.Position));
            canvas.Rectangle(start, middle - (thickness / 2), Math.Max(end - start, 0.5), thickness, series.Tone.FillClass,
                series.Tone.Fallback);
            double labelFrom = end;
            if (bar.Spread is var (low, high) && double.IsFinite(low) && double.IsFinite(high))
            {
                DrawWhisker(canvas, low, high, middle, thickness);
                labelFrom = Math.Max(end, X(high));
            }

            if (bar.Label.Length > 0) canvas.Text(labelFrom + 6, middle + 4, bar.Label, cssClass: "soft");
        }
    }

    /// <summary>On a halo of the background: a whisker has to show on the bar and beside it.</summary>
    private void DrawWhisker(SvgCanvas canvas, double low, double high, double middle, double thickness)
    {
        double cap = Math.Min(thickness / 2, 3);
        foreach ((string cssClass, string stroke, double width) in ((string, string, double)[])[("halo", "#ffffff", 3),
            ("fg", "#1f2429", 1)])
        {
            canvas.Line(X(low), middle, X(high), middle, cssClass, stroke, width);
            canvas.Line(X(low), middle - cap, X(low), middle + cap, cssClass, stroke, width);
            canvas.Line(X(high), middle - cap, X(high), middle + cap, cssClass, stroke, width);
        }
    }

    private void DrawScatter(SvgCanvas canvas, Scatter scatter)
    {
        StringBuilder path = new();
        bool isOpen = false;
        foreach ((double x, double y) in scatter.Xs.Zip(scatter.Ys))
        {
            if (!_plot.Axes.Bottom.Scale.CanShow(x) || !_plot.Axes.Left.Scale.CanShow(y))
            {
                isOpen = false;
                continue;
            }

            path.Append(isOpen ? 'L' : 'M').Append(SvgCanvas.Number(X(x))).Append(' ').Append(SvgCanvas.Number(Y(y)));
            isOpen = true;
            if (scatter.MarkerSize > 0)
            {
                canvas.Marker(X(x), Y(y), scatter.MarkerSize / 2, scatter.MarkerShape, scatter.IsMarkerOpen, scatter.Tone,
                    scatter.Opacity);
            }
        }

        if (scatter.LineWidth > 0 && path.Length > 0)
        {
            canvas.Path(path.ToString(), scatter.Tone, scatter.LinePattern, scatter.LineWidth, scatter.Opacity);
        }
    }

    private void DrawBand(SvgCanvas canvas, Band band)
    {
        List<(double X, double Low, double High)> corners =
        [
            .. band.Xs.Zip(band.Lows,
                band.Highs).Where(at => _plot.Axes.Bottom.Scale.CanShow(at.First) && IsShown(at.Second) && IsShown(at.Third)),
        ];
        if (corners.Count < 2) return;
        IEnumerable<(double, double)> around = corners.Select(at => (X(at.X), Y(at.Low)))
            .Concat(corners.AsEnumerable().Reverse().Select(at => (X(at.X), Y(at.High))));
        canvas.Area($"M{string.Join('L', around.Select(at => $"{SvgCanvas.Number(at.Item1)} {SvgCanvas.Number(at.Item2)}"))}z",
            band.Tone, band.Opacity);
    }

    private void DrawStrip(SvgCanvas canvas, Strip strip, int row)
    {
        int room = (int)(_right - _left);
        bool[] isTaken = new bool[room + 1];
        foreach ((double start, double end) in strip.Spans)
        {
            (double from, double to) = (X(start) - _left, X(end) - _left);
            if (to < 0 || from > _right - _left) continue;
            int first = (int)Math.Clamp(from, 0, room);
            isTaken.AsSpan(first, (int)Math.Clamp(to, first, room) - first + 1).Fill(true);
        }

        StringBuilder path = new();
        double top = _top - ((_plot.Add.Strips.Count - row) * StripLine);
        for (int at = 0; at <= room; at++)
        {
            if (!isTaken[at]) continue;
            int begin = at;
            while (at < room && isTaken[at + 1]) at++;
            _ = path.Append(System.Globalization.CultureInfo.InvariantCulture, $"M{SvgCanvas.Number(_left + begin)} "
                + $"{SvgCanvas.Number(top)}h{at - begin + 1.5:0.#}v{StripLine - 2:0.#}h-{at - begin + 1.5:0.#}z");
        }

        if (path.Length > 0) canvas.Area(path.ToString(), strip.Tone, 1);
    }

    private void DrawLegend(SvgCanvas canvas)
    {
        (double left, double top) = _legend.IsRight ? (_right + Edge, _top) : (Edge, _height - Edge - _legend.Height + 8);
        foreach ((LegendEntry entry, double dx, double dy) in _legend.Places)
        {
            (double x, double y) = (left + dx, top + dy);
            if (entry.Key == LegendKey.Square)
            {
                canvas.Area($"M{SvgCanvas.Number(x + 6)} {SvgCanvas.Number(y + 1)}h12v12h-12z", entry.Tone, entry.Opacity);
            }
            else if (entry.Key == LegendKey.Line)
            {
                canvas.Path($"M{SvgCanvas.Number(x)} {SvgCanvas.Number(y + 7)}h24", entry.Tone, entry.Pattern, 2.5, 1);
            }
            else canvas.Marker(x + 12, y + 7, 4.5, entry.Shape, entry.Key == LegendKey.OpenMarker, entry.Tone, 1);
            canvas.Text(x + 32, y + 11.5, entry.Text);
        }
    }

    private double X(double value) =>
        _left + (_plot.Axes.Bottom.Scale.Fraction(value, _xLimits!.Value.Low, _xLimits.Value.High) * (_right - _left));

    private double Y(double value)
    {
        double fraction = _plot.Axes.Left.Scale.Fraction(value, _yLimits!.Value.Low, _yLimits.Value.High);
        return _plot.Axes.Left.IsNamed ? _top + (fraction * (_bottom - _top)) : _bottom - (fraction * (_bottom - _top));
    }

    private bool IsShown(double value) => _plot.Axes.Left.Scale.CanShow(value);

    private IEnumerable<(double, double)> CornersOf(Band band) =>
        band.Xs.Zip(band.Lows, band.Highs)
            .Where(at => _plot.Axes.Bottom.Scale.CanShow(at.First) && IsShown(at.Second) && IsShown(at.Third))
            .SelectMany(at => ((double, double)[])[(at.First, at.Second), (at.First, at.Third)]);

    private static LegendKey KeyOf(Scatter scatter) =>
        scatter.LineWidth > 0 ? LegendKey.Line : scatter.IsMarkerOpen ? LegendKey.OpenMarker : LegendKey.Marker;

    private static IEnumerable<double> EndsOf(Bar bar) => [0, bar.ValueBase, bar.Value, bar.Spread?.High ?? bar.Value];

    /// <summary>The upper limit at which every bar's label, written after its end, still ends inside. Bars stand on a linear
    /// axis.</summary>
    private double RoomForLabels(List<Bar> bars, double high)
    {
        double room = _right - _left;
        IEnumerable<double> needed = bars.Where(bar => bar.Label.Length > 0)
            .Select(bar => Math.Max(bar.Value, bar.Spread?.High ?? bar.Value) * room
                / Math.Max(room - TextWidth.Of(bar.Label, 12) - 10, room / 4));
        return needed.Append(high).Max();
    }
}
