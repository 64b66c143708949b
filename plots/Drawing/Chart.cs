using ScottPlot;
using ScottPlot.Plottables;
using ScottPlot.Rendering.RenderActions;
using SkiaSharp;

namespace Lab.Plots;

/// <summary>One drawing of a plot: a ScottPlot plot in the lab's theme. Its room is given out from the outside in: title, legend,
/// axis labels, tick labels; the data get the rest.</summary>
internal sealed class Chart : IDisposable
{
    private const float Edge = 16, TickGap = 8, TitleLine = 22, SubtitleLine = 18, StripLine = 9, KeyWidth = 32;
    private const float Small = 12, Normal = 13, Large = 16;

    private readonly Lab.Plots.Plot _plot;
    private readonly bool _isDark, _isSvg;
    private readonly ScottPlot.Plot _chart = new();
    private readonly Paint _paint = Paint.NewDisposablePaint();
    private readonly StandIns _words = new();
    private readonly List<double> _xs = [], _ys = [];
    private readonly List<(double At, string Words)> _barLabels = [];
    private readonly List<(double X, string Words, LineStyle Line)> _marks = [];
    private readonly List<(IReadOnlyList<(double Start, double End)> Spans, Tone Tone)> _strips = [];
    private readonly List<(CoordinateRect Area, float Margin, string Words)> _tips = [];
    private int _under;
    private PixelRect _data;

    private Chart(Plot plot, bool isDark, bool isSvg)
    {
        (_plot, _isDark, _isSvg) = (plot, isDark, isSvg);
        foreach (Action<Chart> step in plot.Steps) step(this);
    }

    public void Dispose()
    {
        _chart.Dispose();
        _paint.Dispose();
    }

    internal static string Svg(Plot plot)
    {
        using Chart chart = new(plot, isDark: false, isSvg: true);
        using MemoryStream drawn = new();
        using (SKCanvas canvas = SKSvgCanvas.Create(new SKRect(0, 0, plot.Width, plot.Height), drawn)) chart.Render(canvas);
        drawn.Position = 0;
        return SvgFigure.Of(plot, drawn, chart.Tips(), chart._words);
    }

    internal static byte[] Png(Plot plot, bool isDark)
    {
        const int Scale = 2;
        using Chart chart = new(plot, isDark, isSvg: false);
        using SKSurface surface = SKSurface.Create(new SKImageInfo(plot.Width * Scale, plot.Height * Scale));
        surface.Canvas.Scale(Scale);
        chart.Render(surface.Canvas);
        using SKImage picture = surface.Snapshot();
        using SKData png = picture.Encode(SKEncodedImageFormat.Png, 100);
        return png.ToArray();
    }

    internal void AddSeries(IReadOnlyList<double> xs, IReadOnlyList<double> ys, Look look, Func<int, string>? tip)
    {
        Coordinates[] points = [.. xs.Zip(ys, At)];
        if (look.IsListed)
        {
            (float width, float size) = (look.LineWidth > 0 ? 2.5f : 0, look.MarkerSize > 0 ? 9 : 0);
            AddKey(0, look with { LineWidth = width, MarkerSize = size, Opacity = 1 });
        }
        if (look.MarkerSize > 0)
        {
            Scatter markers = _chart.Add.ScatterPoints(points.Where(point => point.AreReal).ToArray());
            markers.LineStyle.Width = 0;
            Style(new LineStyle(), markers.MarkerStyle, look);
            foreach ((int index, Coordinates point) in points.Index().Where(one => one.Item.AreReal))
            {
                string? at = _plot.Bottom.Say(xs[index]);
                _tips.Add((new CoordinateRect(point, point), 5,
                    tip?.Invoke(index) ?? $"{look.Name}: {_plot.Left.Say(ys[index])}{(at is null ? "" : $" at {at}")}"));
            }
        }
        if (look.LineWidth > 0 && points.Count(point => point.AreReal) > 1)
        {
            Scatter line = _chart.Add.ScatterLine(points);
            Style(line.LineStyle, new MarkerStyle(), look);
        }
    }

    internal void AddBand(IReadOnlyList<double> xs, IReadOnlyList<double> lows, IReadOnlyList<double> highs, Tone tone,
        string legend, double opacity)
    {
        (Coordinates Low, Coordinates High)[] sides = [.. Enumerable.Range(0, xs.Count)
            .Where(at => CanShow(xs[at], lows[at]) && CanShow(xs[at], highs[at]))
            .Select(at => (At(xs[at], lows[at]), At(xs[at], highs[at])))];
        if (legend.Length > 0) AddSquare(2, legend, tone, Math.Min(1, 2 * opacity));
        if (sides.Length < 2) return;
        Coordinates[] around = [.. sides.Select(side => side.Low), .. sides.Reverse().Select(side => side.High)];
        AddUnder(new Polygon(around) { FillColor = ColorOf(tone, opacity), LineWidth = 0 });
    }

    internal void AddBars(IReadOnlyList<Bar> bars, Tone tone, string legend)
    {
        if (legend.Length > 0) AddSquare(1, legend, tone);
        foreach (Bar bar in bars.Where(bar => double.IsFinite(bar.End) && double.IsFinite(bar.Start)))
        {
            double position = At(bar.End, bar.Position).Y, end = bar.Spread?.High ?? bar.End;
            _xs.AddRange([0, bar.Start, end]);
            ScottPlot.Bar drawn = new()
            {
                Position = position, ValueBase = bar.Start, Value = bar.End, Size = bar.Size,
                FillColor = ColorOf(tone), LineWidth = 0, Orientation = Orientation.Horizontal,
            };
            _ = _chart.Add.Bar(drawn);
            _tips.Add((drawn.Rect, 0, bar.Tip));
            if (bar.Spread is var (low, high) && double.IsFinite(low) && double.IsFinite(high)) AddWhisker(position, low, high);
            if (bar.Label.Length == 0) continue;
            _barLabels.Add((end, bar.Label));
            Text label = _chart.Add.Text(_words.For(bar.Label), end, position);
            (label.LabelFontSize, label.LabelFontColor, label.LabelAlignment, label.OffsetX) =
                (Small, ColorOf(Tone.SoftText), Alignment.MiddleLeft, 6);
        }
    }

    internal void AddMark(double x, string label, Look look)
    {
        if (!_plot.Bottom.Scale.CanShow(x)) return;
        VerticalLine line = new() { X = _plot.Bottom.Map(x) };
        AddUnder(line);
        Style(line.LineStyle, new MarkerStyle(), look with { LineWidth = 1.6f });
        _marks.Add((line.X, label, line.LineStyle));
        if (look.IsListed) AddKey(4, look with { LineWidth = 2.5f });
    }

    internal void AddStrip(IReadOnlyList<(double Start, double End)> spans, Tone tone, string legend)
    {
        _strips.Add((spans, tone));
        AddSquare(3, legend, tone);
    }

    /// <summary>Under what was added by other means; later ones over earlier ones.</summary>
    private void AddUnder(IPlottable plottable) => _chart.PlottableList.Insert(_under++, plottable);

    private bool CanShow(double x, double y) => _plot.Bottom.Scale.CanShow(x) && _plot.Left.Scale.CanShow(y);

    /// <summary>The place of a point, which the axes then reach; no real one where it cannot be shown.</summary>
    private Coordinates At(double x, double y)
    {
        if (!CanShow(x, y)) return Coordinates.NaN;
        _xs.Add(x);
        _ys.Add(y);
        return new Coordinates(_plot.Bottom.Map(x), _plot.Left.Map(y));
    }

    /// <summary>On a halo of the background: a whisker has to show on the bar and beside it.</summary>
    private void AddWhisker(double position, double low, double high)
    {
        foreach ((Tone tone, float width) in ((Tone, float)[])[(Tone.Background, 3), (Tone.Text, 1)])
        {
            ErrorBar whisker = new([low], [position], [high - low], [0], null, null)
                { CapSize = 3, LineWidth = width, Color = ColorOf(tone) };
            _chart.PlottableList.Add(whisker);
        }
    }

    private Color ColorOf(Tone tone, double opacity = 1) => Color.FromHex(tone.Hex(_isDark)).WithAlpha(opacity);

    /// <summary>SVG has dashes as an attribute, where Skia would draw each as a shape: the width tells which they are (see
    /// <see cref="SvgFigure.TellTale"/>).</summary>
    private void Style(LineStyle line, MarkerStyle marker, Look look)
    {
        Color color = ColorOf(look.Tone, look.Opacity);
        (line.Color, line.Width, line.Rounded) = (color, look.LineWidth, true);
        if (_isSvg) line.Width += SvgFigure.TellTale(look.Pattern);
        else line.Pattern = look.Pattern switch
        {
            LinePattern.Dashed => new ScottPlot.LinePattern([7, 4], 0, ""),
            LinePattern.Dotted => new ScottPlot.LinePattern([1.5f, 4], 0, ""),
            _ => ScottPlot.LinePattern.Solid,
        };
        (marker.IsVisible, marker.Shape) = (look.MarkerSize > 0, look.Shape);
        // Shapes of about equal area.
        marker.Size = look.MarkerSize * look.Shape switch
        {
            MarkerShape.FilledSquare => 0.89f, MarkerShape.FilledTriangleUp => 1.3f, MarkerShape.FilledDiamond => 1.25f, _ => 1,
        };
        marker.FillColor = look.IsOpen ? ColorOf(Tone.Background, look.Opacity) : color;
        (marker.OutlineColor, marker.OutlineWidth) = (color, look.IsOpen ? 1.6f : 0);
    }

    /// <param name="rank">Entries of a kind stand together: series, bars, bands, strips, marks.</param>
    private void AddKey(int rank, Look look)
    {
        LegendItem item = new()
            { Index = rank, LabelText = _words.For(look.Name), LabelFontSize = Normal, LabelFontColor = ColorOf(Tone.Text) };
        Style(item.LineStyle, item.MarkerStyle, look);
        _chart.Legend.ManualItems.Add(item);
    }

    private void AddSquare(int rank, string words, Tone tone, double opacity = 1) => AddKey(rank, new Look(tone, words)
        { LineWidth = 0, MarkerSize = 13.5f, Shape = MarkerShape.FilledSquare, Opacity = opacity });

    private void Render(SKCanvas canvas)
    {
        using RenderPack pack = new(_chart, new PixelRect(0, _plot.Width, _plot.Height, 0), canvas);
        _chart.FigureBackground.Color = ColorOf(Tone.Background);
        _chart.FigureBackground.Render(pack, pack.FigureRect);
        float top = DrawHeading(pack) + (_strips.Count * StripLine);
        if (_xs.Count == 0)
        {
            Write(pack, (_plot.Width / 2f) - 24, _plot.Height / 2f, "no data", Small, Tone.SoftText);
            return; // which needs no axes
        }

        (bool isLegendRight, PixelRect legend) = PlaceLegend(top);
        MarkLabels marks = LayOut(top, isLegendRight ? legend.Left - Edge : _plot.Width - Edge - 8,
            _plot.Height - Edge - 18 - (_plot.Bottom.Label.Length > 0 ? 22 : 0) - (isLegendRight ? 0 : legend.Height));
        foreach (IRenderAction action in (IRenderAction[])[
            new ReplaceNullAxesWithDefaults(), new CalculateLayout(), new RenderGridsBelowPlottables()])
        {
            action.Render(pack);
        }
        foreach (IPlottable plottable in _chart.PlottableList)
        {
            // Not clipped: what stands on the frame is seen whole, and all data lie inside.
            plottable.Axes.DataRect = pack.DataRect;
            plottable.Render(pack);
        }
        new RenderPanels().Render(pack);
        _data = pack.DataRect;
        foreach ((int row, (IReadOnlyList<(double, double)> spans, Tone tone)) in _strips.Index())
        {
            DrawStrip(pack, spans, ColorOf(tone), pack.DataRect.Top - marks.Height - ((_strips.Count - row) * StripLine));
        }
        marks.Draw(pack, ColorOf(Tone.Background), (x, y, words) => Write(pack, x, y, words, Small, Tone.SoftText));
        _chart.Legend.Render(canvas, pack.Paint, legend, Alignment.UpperLeft);
    }

    /// <summary>Where to point at, in pixels, and what is said there.</summary>
    private IEnumerable<(PixelRect Area, string Words)> Tips()
    {
        Axes axes = new() { XAxis = _chart.Axes.Bottom, YAxis = _chart.Axes.Left, DataRect = _data };
        return _tips.Select(tip => (axes.GetPixelRect(tip.Area).Expand(tip.Margin), tip.Words));
    }

    /// <returns>Where it ends.</returns>
    private float DrawHeading(RenderPack pack)
    {
        float room = _plot.Width - (2 * Edge), y = Edge;
        foreach (string line in LabFont.Wrap(_words.For(_plot.Title), Large, room, isBold: true))
        {
            Write(pack, Edge, y + 15, line, Large, Tone.Text, isBold: true);
            y += TitleLine;
        }
        foreach (string line in LabFont.Wrap(_words.For(_plot.Subtitle), Small, room))
        {
            Write(pack, Edge, y + 13, line, Small, Tone.SoftText);
            y += SubtitleLine;
        }
        return y + 10;
    }

    /// <summary>Limits, ticks and the place of the data, above which the labels of marks get room.</summary>
    private MarkLabels LayOut(float top, float right, float bottom)
    {
        (double yLow, double yHigh) = _plot.Left.LimitsFor(_ys);
        IReadOnlyList<Tick> yTicks = _plot.Left.TicksFor((yLow, yHigh), (int)((bottom - top) / 34));
        float left = Edge + (_plot.Left.Label.Length > 0 ? 22 : 0)
            + yTicks.Max(tick => LabFont.Width(_words.For(tick.Label), Normal)) + TickGap;
        (double xLow, double xHigh) = _plot.Bottom.LimitsFor(_xs);
        xHigh = RoomForLabels(xHigh, right - left);
        (double mapLow, double mapHigh) = (_plot.Bottom.Map(xLow), _plot.Bottom.Map(xHigh));
        MarkLabels marks = new([.. _marks.Select(mark => (_words.For(mark.Words), mark.Line,
            left + (float)((mark.X - mapLow) / (mapHigh - mapLow) * (right - left))))], left, right);

        (double one, double other) = (_plot.Left.Map(yLow), _plot.Left.Map(yHigh));
        _chart.Axes.SetLimits(mapLow, mapHigh, Math.Min(one, other), Math.Max(one, other));
        Dress(_chart.Axes.Left, _plot.Left, yTicks, left - Edge - 2, room: 0);
        IReadOnlyList<Tick> xTicks = _plot.Bottom.TicksFor((xLow, xHigh), (int)((right - left) / 80));
        Dress(_chart.Axes.Bottom, _plot.Bottom, xTicks, 42, right - left);
        _chart.Axes.Right.IsVisible = _chart.Axes.Top.IsVisible = false;
        _chart.Layout.Fixed(new PixelPadding(left, _plot.Width - right, _plot.Height - bottom, top + marks.Height));
        return marks;
    }

    /// <summary>Right of the data where there is width for it, else below, in columns of equal width.</summary>
    private (bool IsRight, PixelRect Place) PlaceLegend(float top)
    {
        Legend legend = _chart.Legend;
        if (legend.ManualItems.Count == 0) return (false, new PixelRect(0, 0, 0, 0));
        (legend.DisplayPlottableLegendItems, legend.OutlineWidth, legend.Padding) = (false, 0, new PixelPadding(0));
        (legend.BackgroundColor, legend.ShadowColor) = (Colors.Transparent, Colors.Transparent);
        (legend.SymbolWidth, legend.SymbolPadding) = (24, KeyWidth - 24);
        legend.InterItemPadding = new PixelPadding(0, Edge, 5, 0);
        float widest = KeyWidth + legend.ManualItems.Max(item => LabFont.Width(item.LabelText, Normal));
        bool isRight = !_plot.IsLegendBelow && widest < _plot.Width * 0.34 && _plot.Width >= 600;
        legend.Orientation = isRight ? Orientation.Vertical : Orientation.Horizontal;
        float width = isRight ? widest + Edge : _plot.Width - (2 * Edge), left = isRight ? _plot.Width - width : Edge;
        float height = legend.GetLayout(new PixelSize(width, 10_000), _paint).LegendRect.Height + 8;
        float upper = isRight ? top : _plot.Height - Edge - height + 8;
        return (isRight, new PixelRect(left, left + width, upper + height, upper));
    }

    /// <summary>The upper limit at which every bar's label, written after its end, still ends inside. Bars stand on a linear
    /// axis.</summary>
    private double RoomForLabels(double high, float room) => _barLabels.Select(one =>
        one.At * room / Math.Max(room - LabFont.Width(_words.For(one.Words), Small) - 10, room / 4)).Append(high).Max();

    /// <param name="room">Pixels in which labels must not meet; 0 where their number sees to that.</param>
    private void Dress(IAxis library, Axis axis, IReadOnlyList<Tick> ticks, float size, float room)
    {
        ScottPlot.AxisPanels.AxisBase panel = (ScottPlot.AxisPanels.AxisBase)library;
        (panel.MinimumSize, panel.MaximumSize) = (size, size);
        (panel.LabelText, panel.LabelFontSize, panel.LabelFontColor) = (_words.For(axis.Label), Small, ColorOf(Tone.SoftText));
        (panel.TickLabelStyle.FontSize, panel.TickLabelStyle.ForeColor) = (Normal, ColorOf(Tone.Text));
        (panel.MajorTickStyle.Length, panel.MajorTickStyle.Color) = (0, Colors.Transparent);
        panel.FrameLineStyle.Color = ColorOf(Tone.Frame);
        bool isLeft = library.Edge == ScottPlot.Edge.Left;
        (panel.TickLabelStyle.OffsetX, panel.TickLabelStyle.OffsetY) = isLeft ? (5 - TickGap, 0) : (0, 4);
        GridStyle grid = isLeft ? _chart.Grid.YAxisStyle : _chart.Grid.XAxisStyle;
        (grid.MajorLineStyle.Color, grid.IsVisible) = (ColorOf(Tone.Grid), !(isLeft && axis.IsNamed));

        double span = library.Range.Max - library.Range.Min, lastEnd = double.NegativeInfinity;
        ScottPlot.TickGenerators.NumericManual generator = new();
        foreach (Tick tick in ticks)
        {
            // A tick at a limit stays inside of it, however it was rounded.
            double at = Math.Clamp(axis.Map(tick.Value), library.Range.Min, library.Range.Max);
            string label = _words.For(tick.Label);
            double middle = (at - library.Range.Min) / span * room, half = LabFont.Width(label, Normal) / 2;
            if (room > 0 && label.Length > 0)
            {
                if (middle - half < lastEnd + 6) label = "";
                else lastEnd = middle + half;
            }
            generator.AddMajor(at, label);
        }
        panel.TickGenerator = generator;
    }

    private static void DrawStrip(RenderPack pack, IReadOnlyList<(double Start, double End)> spans, Color color, float top)
    {
        (PixelRect data, IXAxis axis) = (pack.DataRect, pack.Plot.Axes.Bottom);
        bool[] isTaken = new bool[(int)data.Width + 1];
        foreach ((double start, double end) in spans)
        {
            (double from, double to) = (axis.GetPixel(start, data) - data.Left, axis.GetPixel(end, data) - data.Left);
            if (to < 0 || from > data.Width) continue;
            int first = (int)Math.Clamp(from, 0, isTaken.Length - 1);
            isTaken.AsSpan(first, (int)Math.Clamp(to, first, isTaken.Length - 1) - first + 1).Fill(true);
        }
        using SKPath path = new();
        for (int at = 0; at < isTaken.Length; at++)
        {
            if (!isTaken[at]) continue;
            int begin = at;
            while (at + 1 < isTaken.Length && isTaken[at + 1]) at++;
            path.AddRect(new SKRect(data.Left + begin, top, data.Left + at + 1.5f, top + StripLine - 2));
        }
        ScottPlot.Drawing.FillPath(pack.Canvas, pack.Paint, path, new FillStyle(color));
    }

    private void Write(RenderPack pack, float x, float baseline, string words, float size, Tone tone, bool isBold = false)
    {
        LabelStyle style = new() { FontSize = size, ForeColor = ColorOf(tone), Font = isBold ? LabFont.Bold : LabFont.Regular };
        style.ApplyToPaint(pack.Paint);
        ScottPlot.Drawing.DrawText(pack.Canvas, words, new Pixel(x, baseline), pack.Paint);
    }
}
