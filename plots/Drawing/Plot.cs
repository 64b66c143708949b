using System.Text;
using Lab.Results;

namespace Lab.Plots;

/// <summary>A figure: what is drawn, on which axes, under which title. It speaks the words of the ScottPlot library (<c>Plot</c>,
/// <c>Add.Scatter</c>, <c>Add.Bars</c>, <c>Axes</c>, <c>Legend</c>, <c>SaveSvg</c>), so that the figures would need few changes
/// to draw with it (docs/decisions/0006). Not for several threads.</summary>
public sealed class Plot
{
    public string Title { get; set; } = "";

    /// <summary>One line under the title: how to read the marks. May be empty.</summary>
    public string Subtitle { get; set; } = "";

    /// <summary>What the figure shows, for readers who cannot see it; becomes the SVG's <c>desc</c>.</summary>
    public string Description { get; set; } = "";

    /// <summary>Pixels, used where the caller names no size.</summary>
    public int Width { get; set; } = 860;

    public int Height { get; set; } = 440;

    public PlottableAdder Add { get; } = new();
    public AxisPair Axes { get; } = new();
    public Legend Legend { get; } = new();

    public string GetSvg() => GetSvg(Width, Height);

    /// <summary>The figure as a standalone SVG document. Never holds a number that is not finite.</summary>
    public string GetSvg(int width, int height) => new PlotDrawing(this, width, height).Draw();

    public void SaveSvg(string path) => SaveSvg(path, Width, Height);

    /// <exception cref="ResultsUnwritableException">An older file of that name is still whole.</exception>
    public void SaveSvg(string path, int width, int height)
    {
        byte[] svg = Encoding.UTF8.GetBytes(GetSvg(width, height));
        StagedFiles.WriteOne(path, to => to.Write(svg));
    }
}

/// <summary>Puts things to draw into a plot; later ones are drawn over earlier ones.</summary>
public sealed class PlottableAdder
{
    internal List<Scatter> Scatters { get; } = [];
    internal List<Bars> BarSeries { get; } = [];
    internal List<Band> Bands { get; } = [];
    internal List<Strip> Strips { get; } = [];
    internal List<VerticalMark> Marks { get; } = [];

    /// <summary>A line, markers, or both. Points that are not finite, or cannot stand on a log axis, interrupt it.</summary>
    public Scatter Scatter(IReadOnlyList<double> xs, IReadOnlyList<double> ys)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(ys.Count, xs.Count);
        Scatter scatter = new(xs, ys);
        Scatters.Add(scatter);
        return scatter;
    }

    /// <summary>The area between two lines. Positions at which either cannot be shown are left out.</summary>
    public Band Band(IReadOnlyList<double> xs, IReadOnlyList<double> lows, IReadOnlyList<double> highs)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(lows.Count, xs.Count);
        ArgumentOutOfRangeException.ThrowIfNotEqual(highs.Count, xs.Count);
        Band band = new(xs, lows, highs);
        Bands.Add(band);
        return band;
    }

    /// <summary>A row of ticks above the data, the first on top.</summary>
    public Strip Strip(IReadOnlyList<(double Start, double End)> spans)
    {
        Strip strip = new(spans);
        Strips.Add(strip);
        return strip;
    }

    /// <summary>A vertical line across all data with words above them.</summary>
    public VerticalMark VerticalMark(double x, string label)
    {
        VerticalMark mark = new(x, label);
        Marks.Add(mark);
        return mark;
    }

    /// <summary>Horizontal bars of one colour and one legend entry. Those whose value is not finite are left out.</summary>
    public Bars Bars(IEnumerable<Bar> bars)
    {
        Bars series = new([.. bars.Where(bar => double.IsFinite(bar.Value) && double.IsFinite(bar.ValueBase))]);
        BarSeries.Add(series);
        return series;
    }
}
