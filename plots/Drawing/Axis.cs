namespace Lab.Plots;

/// <summary>What one axis says and how it is divided.</summary>
public sealed class Axis(bool isLeft)
{
    private IReadOnlyList<Tick> _manual = [], _placed = [];

    public string Label { get; set; } = "";

    /// <summary>Of the values: <c>ns</c>, <c>1/s</c>, … Tick labels are written in it; see <see cref="Quantity.Tick"/>.</summary>
    public string Unit { get; set; } = "";

    public Scale Scale { get; set; } = Scale.Linear;

    /// <summary>Values that the axis reaches, besides those of the data.</summary>
    public IReadOnlyList<double> Includes { get; set; } = [];

    /// <summary>Names at the positions 0, 1, …, from the top on a left axis, instead of numbers.</summary>
    public void SetTicks(IEnumerable<string> names) => _manual = [.. names.Select((name, index) => new Tick(index, name))];

    /// <summary>Names at some positions instead of numbers. The axis reaches no further for them.</summary>
    public void SetTicks(IEnumerable<(double At, string Name)> ticks) =>
        _placed = [.. ticks.Select(tick => new Tick(tick.At, tick.Name))];

    internal bool IsNamed => _manual.Count > 0;

    /// <summary>Where a value stands in the coordinates of the library, whose axes are linear and rise.</summary>
    internal double Map(double value) => IsNamed && isLeft ? -value : Scale.Map(value);

    /// <summary>A value as a reader wants it; null where the axis has names instead.</summary>
    internal string? Say(double value) => IsNamed || _placed.Count > 0 ? null : Scale.Say(value, Unit);

    /// <summary>Limits for what is to be shown.</summary>
    internal (double Low, double High) LimitsFor(IEnumerable<double> values)
    {
        if (IsNamed) return (-0.5, _manual.Count - 0.5);
        List<double> shown = [.. values, .. Includes.Where(Scale.CanShow)];
        return Scale.Round(shown.Min(), shown.Max());
    }

    /// <param name="room">About how many labels fit.</param>
    internal IReadOnlyList<Tick> TicksFor((double Low, double High) limits, int room) =>
        IsNamed ? _manual : _placed.Count > 0 ? [.. _placed.Where(tick => tick.Value >= limits.Low && tick.Value <= limits.High)]
        : [.. Scale.Ticks(limits.Low, limits.High, room, Unit)];
}
