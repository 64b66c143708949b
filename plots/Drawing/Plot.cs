using System.Text;
using Lab.Results;

namespace Lab.Plots;

/// <summary>A figure: its words, its axes, and what is to be drawn, as steps that build a ScottPlot plot. They are taken when the
/// figure is drawn, once per drawing: as SVG, for light and dark in one file, or as PNG. Not for several threads.</summary>
public sealed class Plot
{
    public string Title { get; set; } = "";

    /// <summary>One line under the title: how to read the marks. May be empty.</summary>
    public string Subtitle { get; set; } = "";

    /// <summary>What the figure shows, for readers who cannot see it; becomes the SVG's <c>desc</c>.</summary>
    public string Description { get; set; } = "";

    /// <summary>Pixels.</summary>
    public int Width { get; set; } = 860;

    public int Height { get; set; } = 440;

    public Axis Left { get; } = new(isLeft: true);
    public Axis Bottom { get; } = new(isLeft: false);

    /// <summary>Where it is not, the legend stands right of the data if there is width for it. Never over the data.</summary>
    public bool IsLegendBelow { get; set; }

    internal List<Action<Chart>> Steps { get; } = [];

    /// <summary>A line, markers, or both. Points that are not finite, or cannot stand on a log axis, interrupt it.</summary>
    /// <param name="tip">What a marker of some index says when it is pointed at; null: its name and value.</param>
    public void Series(IReadOnlyList<double> xs, IReadOnlyList<double> ys, Look look, Func<int, string>? tip = null) =>
        Steps.Add(chart => chart.AddSeries(xs, ys, look, tip));

    /// <summary>The area between two lines, under all else. Positions at which either cannot be shown are left out.</summary>
    public void Band(IReadOnlyList<double> xs, IReadOnlyList<double> lows, IReadOnlyList<double> highs, Tone tone,
        string legend = "", double opacity = 0.18) => Steps.Add(chart => chart.AddBand(xs, lows, highs, tone, legend, opacity));

    /// <summary>Horizontal bars of one colour and one legend entry. Those whose value is not finite are left out.</summary>
    public void Bars(IReadOnlyList<Bar> bars, Tone tone, string legend = "") =>
        Steps.Add(chart => chart.AddBars(bars, tone, legend));

    /// <summary>A vertical line under the data with words above them.</summary>
    public void VerticalMark(double x, string label, Look look) => Steps.Add(chart => chart.AddMark(x, label, look));

    /// <summary>A row of ticks on the figure's top edge, the first on top: when something was going on. They widen no axis; what
    /// falls on the same pixels is one tick, so that thousands cost no more than the figure is wide.</summary>
    public void Strip(IReadOnlyList<(double Start, double End)> spans, Tone tone, string legend) =>
        Steps.Add(chart => chart.AddStrip(spans, tone, legend));

    /// <summary>The figure as a standalone SVG document. Never holds a number that is not finite. Where nothing can be drawn
    /// (<see cref="DrawingLibrary.WhyNot"/>), it says that.</summary>
    public string GetSvg() => DrawingLibrary.WhyNot is { } why ? SvgFigure.Of(this, why) : Chart.Svg(this);

    /// <exception cref="ResultsUnwritableException">An older file of that name is still whole.</exception>
    public void SaveSvg(string path)
    {
        byte[] svg = Encoding.UTF8.GetBytes(GetSvg());
        StagedFiles.WriteOne(path, to => to.Write(svg));
    }

    /// <summary>Saves the figure as a picture of twice its pixels; nothing is written where nothing can be drawn.</summary>
    /// <exception cref="ResultsUnwritableException">An older file of that name is still whole.</exception>
    /// <returns>Whether it was written.</returns>
    public bool SavePng(string path, bool isDark)
    {
        if (DrawingLibrary.WhyNot is not null) return false;
        byte[] png = Chart.Png(this, isDark);
        StagedFiles.WriteOne(path, to => to.Write(png));
        return true;
    }
}

/// <summary>How a series looks.</summary>
/// <param name="Name">In the legend, and when a marker is pointed at.</param>
public sealed record Look(Tone Tone, string Name)
{
    public LinePattern Pattern { get; init; }

    /// <summary>Pixels; 0 draws no line.</summary>
    public float LineWidth { get; init; } = 2;

    /// <summary>Diameter in pixels; 0 draws no markers.</summary>
    public float MarkerSize { get; init; }

    public ScottPlot.MarkerShape Shape { get; init; } = ScottPlot.MarkerShape.FilledCircle;

    /// <summary>Markers are outlines.</summary>
    public bool IsOpen { get; init; }

    public double Opacity { get; init; } = 1;
    public bool IsListed { get; init; } = true;
}

public enum LinePattern
{
    Solid,
    Dashed,
    Dotted,
}

/// <summary>A horizontal bar: the rig's strategies have long names, and those are read level, from the left axis.</summary>
/// <param name="Position">Where its middle is on the left axis.</param>
/// <param name="Start">Where it begins on the bottom axis; not 0 where bars are stacked.</param>
/// <param name="Size">Thickness in units of the left axis.</param>
/// <param name="Tip">What it says when it is pointed at.</param>
public sealed record Bar(double Position, double Start, double End, double Size, string Tip)
{
    /// <summary>Written after its end; may be empty.</summary>
    public string Label { get; init; } = "";

    /// <summary>Ends of a whisker across the bar's end; null without one.</summary>
    public (double Low, double High)? Spread { get; init; }
}
