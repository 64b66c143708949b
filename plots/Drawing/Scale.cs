using System.Globalization;

namespace Lab.Plots;

/// <summary>A mark on an axis.</summary>
/// <param name="Label">Empty: a grid line without words.</param>
internal readonly record struct Tick(double Value, string Label);

/// <summary>How values are laid out along an axis: unless said otherwise, positive ones by their logarithm.</summary>
public abstract class Scale
{
    public static Scale Linear { get; } = new LinearScale(leastStep: 0);

    /// <summary>As <see cref="Linear"/>, for what is counted: no grid line between two whole numbers.</summary>
    public static Scale Whole { get; } = new LinearScale(leastStep: 1);

    /// <summary>For ratios: twice as much lies as far from 1 as half of it, and a change of a few per cent fills the
    /// axis.</summary>
    public static Scale Ratio { get; } = new RatioScale();

    public static Scale Log10 { get; } = new LogScale();

    /// <summary>For values of 1/(1-p), labelled with the percentile p that they stand for.</summary>
    public static Scale Percentile { get; } = new PercentileScale();

    internal virtual bool CanShow(double value) => double.IsFinite(value) && value > 0;

    /// <summary>Where a value stands on an axis that is linear.</summary>
    internal virtual double Map(double value) => Math.Log10(value);

    /// <summary>A value as a reader wants it.</summary>
    internal virtual string Say(double value, string unit) => Quantity.Format(value, unit);

    /// <summary>Limits that enclose the values and look right; <paramref name="low"/> may equal
    /// <paramref name="high"/>.</summary>
    internal abstract (double Low, double High) Round(double low, double high);

    /// <summary>In rising order.</summary>
    /// <param name="room">About how many labels fit.</param>
    internal abstract IEnumerable<Tick> Ticks(double low, double high, int room, string unit);

    private sealed class LinearScale(double leastStep) : Scale
    {
        internal override bool CanShow(double value) => double.IsFinite(value);

        internal override double Map(double value) => value;

        internal override (double Low, double High) Round(double low, double high) =>
            high > low ? (low, high) : (low, low + Math.Max(Math.Abs(low), 1));

        internal override IEnumerable<Tick> Ticks(double low, double high, int room, string unit)
        {
            double raw = Math.Max((high - low) / Math.Max(room, 1), leastStep);
            double decade = Math.Pow(10, Math.Floor(Math.Log10(raw)));
            double step = decade * (raw / decade) switch { <= 1 => 1, <= 2 => 2, <= 5 => 5, _ => 10 };
            for (long index = (long)Math.Ceiling((low / step) - 1e-9); index * step <= high + (step * 1e-9); index++)
            {
                yield return new Tick(index * step, Quantity.Tick(index * step, unit, step));
            }
        }
    }

    private sealed class LogScale : Scale
    {
        /// <summary>Outwards to 1, 2 or 5 times a power of ten, so that the first and the last grid line are labelled.</summary>
        internal override (double Low, double High) Round(double low, double high)
        {
            (double down, double up) =
                (Steps(low, high).Last(v => v <= low * 1.0001), Steps(low, high).First(v => v >= high * 0.9999));
            return up > down ? (down, up) : (down, down * 10);
        }

        internal override IEnumerable<Tick> Ticks(double low, double high, int room, string unit)
        {
            double decades = Math.Log10(high / low);
            int every = (int)Math.Max(1, Math.Ceiling(decades / Math.Max(room, 1)));
            foreach (double value in Steps(low, high).Where(v => v >= low * 0.9999 && v <= high * 1.0001))
            {
                int exponent = (int)Math.Round(Math.Log10(value));
                bool isDecade = Math.Abs(value - Math.Pow(10, exponent)) < value * 1e-6;
                bool isLabelled = isDecade ? exponent % every == 0 : decades * 3 <= room;
                if (!isLabelled && !isDecade && decades > room) continue;
                yield return new Tick(value, isLabelled ? Quantity.Tick(value, unit) : "");
            }
        }

        private static IEnumerable<double> Steps(double low, double high)
        {
            (int first, int last) = ((int)Math.Floor(Math.Log10(low)) - 1, (int)Math.Ceiling(Math.Log10(high)) + 1);
            return Enumerable.Range(first, last - first + 1)
                .SelectMany(exponent => ((int[])[1, 2, 5]).Select(factor => factor * Math.Pow(10, exponent)));
        }
    }

    private sealed class RatioScale : Scale
    {
        internal override string Say(double value, string unit) => string.Create(CultureInfo.InvariantCulture, $"{value:0.###}×");

        internal override (double Low, double High) Round(double low, double high)
        {
            double margin = Math.Max(Math.Pow(high / low, 0.06), 1.002);
            return (low / margin, high * margin);
        }

        /// <summary>Evenly spaced numbers where the axis is short enough for them, else those of a logarithmic one.</summary>
        internal override IEnumerable<Tick> Ticks(double low, double high, int room, string unit) =>
            (high / low < 4 ? Linear : Log10).Ticks(low, high, room, "")
                .Select(tick => tick.Label.Length == 0 ? tick : tick with { Label = tick.Label + "×" });
    }

    private sealed class PercentileScale : Scale
    {
        internal override bool CanShow(double value) => double.IsFinite(value) && value >= 1;

        internal override string Say(double value, string unit) =>
            string.Create(CultureInfo.InvariantCulture, $"p{100 - (100 / value):0.####}");

        internal override (double Low, double High) Round(double low, double high) => (1, Math.Max(high, 10));

        internal override IEnumerable<Tick> Ticks(double low, double high, int room, string unit)
        {
            // Where both labels do not fit, the median says more than the minimum.
            yield return new Tick(1, Math.Log10(2) / Math.Log10(high) * room > 0.42 ? "0 %" : "");
            yield return new Tick(2, "50 %");
            for (int nines = 1; Math.Pow(10, nines) <= high * 1.0001; nines++)
            {
                yield return new Tick(Math.Pow(10, nines),
                    nines < 3 ? $"{new string('9', nines).PadRight(2, '0')} %" : $"99.{new string('9', nines - 2)} %");
            }
        }
    }
}
