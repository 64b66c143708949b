namespace Lab.Plots;

public enum LinePattern
{
    Solid,
    Dashed,
    Dotted,
}

/// <summary>What stands at a point: told apart without colour.</summary>
public enum MarkerShape
{
    Circle,
    Square,
    Triangle,
    Diamond,
}

/// <summary>Points in order.</summary>
public sealed class Scatter
{
    internal Scatter(IReadOnlyList<double> xs, IReadOnlyList<double> ys) => (Xs, Ys) = (xs, ys);

    public IReadOnlyList<double> Xs { get; }
    public IReadOnlyList<double> Ys { get; }

    /// <summary>Empty: no legend entry.</summary>
    public string LegendText { get; set; } = "";

    public Tone Tone { get; set; }
    public LinePattern LinePattern { get; set; }

    /// <summary>Pixels; 0 draws no line.</summary>
    public double LineWidth { get; set; } = 2;

    /// <summary>Diameter in pixels; 0 draws no markers.</summary>
    public double MarkerSize { get; set; }

    public MarkerShape MarkerShape { get; set; }

    /// <summary>Drawn as an outline.</summary>
    public bool IsMarkerOpen { get; set; }

    public double Opacity { get; set; } = 1;
}

/// <summary>The area between two lines over the same positions, under everything else.</summary>
public sealed class Band
{
    internal Band(IReadOnlyList<double> xs, IReadOnlyList<double> lows, IReadOnlyList<double> highs) =>
        (Xs, Lows, Highs) = (xs, lows, highs);

    public IReadOnlyList<double> Xs { get; }
    public IReadOnlyList<double> Lows { get; }
    public IReadOnlyList<double> Highs { get; }

    /// <summary>Empty: no legend entry.</summary>
    public string LegendText { get; set; } = "";

    public Tone Tone { get; set; }
    public double Opacity { get; set; } = 0.18;
}

/// <summary>A row of ticks on the figure's top edge: when something was going on. What falls on the same pixels is one tick, so
/// that thousands cost no more than the figure is wide.</summary>
public sealed class Strip
{
    internal Strip(IReadOnlyList<(double Start, double End)> spans) => Spans = spans;

    /// <summary>On the bottom axis. They widen no axis.</summary>
    public IReadOnlyList<(double Start, double End)> Spans { get; }

    /// <summary>Empty: no legend entry.</summary>
    public string LegendText { get; set; } = "";

    public Tone Tone { get; set; }
}

/// <summary>A place on the bottom axis that has a meaning.</summary>
public sealed class VerticalMark
{
    internal VerticalMark(double x, string label) => (X, Label) = (x, label);

    public double X { get; }

    /// <summary>Written above the data.</summary>
    public string Label { get; }

    /// <summary>Empty: no legend entry.</summary>
    public string LegendText { get; set; } = "";

    public Tone Tone { get; set; }
    public LinePattern LinePattern { get; set; }
}

/// <summary>Bars that share a colour and a legend entry.</summary>
public sealed class Bars
{
    internal Bars(IReadOnlyList<Bar> items) => Items = items;

    public IReadOnlyList<Bar> Items { get; }

    /// <summary>Empty: no legend entry.</summary>
    public string LegendText { get; set; } = "";

    public Tone Tone { get; set; }
}

/// <summary>A horizontal bar: the rig's strategies have long names, and those are read level, from the left axis.</summary>
/// <param name="Position">Where its middle is on the left axis.</param>
/// <param name="ValueBase">Where it begins on the bottom axis; not 0 where bars are stacked.</param>
/// <param name="Value">Where it ends.</param>
public sealed record Bar(double Position, double ValueBase, double Value)
{
    /// <summary>Thickness in units of the left axis.</summary>
    public double Size { get; init; } = 0.7;

    /// <summary>Written after its end; may be empty.</summary>
    public string Label { get; init; } = "";

    /// <summary>Ends of a whisker across the bar's end; null without one.</summary>
    public (double Low, double High)? Spread { get; init; }
}
