using System.Globalization;
using CsvHelper;

namespace Lab.Results;

/// <summary>Writes the cells of a row from left to right. Numbers are culture-invariant with at most three decimals.</summary>
internal readonly struct CellWriter(CsvWriter csv)
{
    internal CellWriter Text(string value)
    {
        csv.WriteField(CsvText.Guard(value));
        return this;
    }

    internal CellWriter Whole(long value)
    {
        csv.WriteField(value);
        return this;
    }

    /// <summary>What is not a finite number becomes an empty cell.</summary>
    internal CellWriter Number(double value)
    {
        if (double.IsFinite(value)) csv.WriteField(value, "0.###", CultureInfo.InvariantCulture);
        else csv.WriteField("");
        return this;
    }
}

/// <summary>Reads the cells of the current row from left to right. A cell that cannot be is refused with file, line and
/// column.</summary>
internal sealed class CellReader(CsvReader csv, string path)
{
    private const int ColumnsOfKey = 4;

    private int _next;

    internal void StartRow() => _next = 0;

    /// <summary>May be empty.</summary>
    internal string Text() => CsvText.Unguard(csv.GetString(_next++));

    internal string Name()
    {
        string text = CsvText.Unguard(csv.GetString(_next++));
        return Domain.IsName(text) ? text : throw Refuse("a name");
    }

    /// <summary>Of a metric or a counter.</summary>
    internal string Metric()
    {
        string text = CsvText.Unguard(csv.GetString(_next++));
        return Domain.IsMetric(text) ? text : throw Refuse(Domain.MetricWords);
    }

    /// <summary>Of a disturbance.</summary>
    internal string Kind() => Kinds() is var text && !text.Contains('+') ? text : throw Refuse(DisturbanceKinds.Words);

    /// <summary>Of several, joined by <c>+</c>.</summary>
    internal string Kinds()
    {
        string text = csv.GetString(_next++);
        return DisturbanceKinds.AreKnown(text) ? text : throw Refuse(DisturbanceKinds.Words);
    }

    internal string Unit()
    {
        string text = csv.GetString(_next++);
        return Units.IsKnown(text) ? text : throw Refuse(Units.Words);
    }

    /// <summary>Of samples, which are times.</summary>
    internal string SampleUnit()
    {
        string text = csv.GetString(_next++);
        return text == Units.Nanoseconds ? text : throw Refuse($"'{Units.Nanoseconds}'");
    }

    /// <summary>Of samples or events.</summary>
    internal long Count() => Whole(0, Domain.CountMax);

    internal long Whole(long least, long most)
    {
        return csv.TryParse(_next++, out long value) && value >= least && value <= most ? value
            : throw Refuse($"a whole number {Domain.Words(least, most)}");
    }

    /// <summary>From 0 up; an empty cell is not a number.</summary>
    internal double NumberIfAny() => csv.IsEmpty(_next) ? Skip() : Number();

    /// <summary>By how much something grew or shrank; an empty cell is not a number.</summary>
    internal double ChangeIfAny() => csv.IsEmpty(_next) ? Skip() : Between(-Domain.NumberMax, Domain.NumberMax);

    /// <summary>From 0 up.</summary>
    internal double Number() => Between(0, Domain.NumberMax);

    /// <summary>Since the opening of the window, or before it.</summary>
    internal double Milliseconds() => Between(-Domain.MillisecondsMax, Domain.MillisecondsMax);

    /// <summary>How many something took.</summary>
    internal double LengthMs() => Between(0, Domain.MillisecondsMax);

    /// <summary>How many an interval of the window is long.</summary>
    internal double IntervalMs() => LengthMs() is var length and > 0 ? length : throw Refuse("a number above 0");

    internal MeasurementKey Key() => new(Name(), Name(), Name(), (int)Whole(1, int.MaxValue));

    /// <summary>Of one distribution, in the order of the columns: each at least as large as the one before, and none of them is
    /// there where there are no samples.</summary>
    internal double[] Rising(long samples, int count)
    {
        double[] values = new double[count];
        for (int index = 0; index < count; index++)
        {
            if (samples == 0)
            {
                values[index] = NumberIfAny();
                continue;
            }
            values[index] = Number();
            if (index > 0 && values[index] < values[index - 1]) throw Refuse($"at least '{csv.Headers[_next - 2]}'");
        }
        return values;
    }

    /// <summary>Refuses the cell that was read last.</summary>
    internal RunDamagedException Refuse(string expected) => Refuse(_next - 1, expected);

    /// <summary>Refuses a cell of the row.</summary>
    /// <param name="column">From 0, behind those of the key.</param>
    internal RunDamagedException RefuseColumn(int column, string expected) => Refuse(ColumnsOfKey + column, expected);

    /// <summary>The row is of a measurement that there is not.</summary>
    internal RunDamagedException RefuseKey(string expected) => Refuse(0, expected);

    private double Skip()
    {
        _next++;
        return double.NaN;
    }

    private double Between(double least, double most)
    {
        return csv.TryParse(_next++, out double value) && value >= least && value <= most ? value
            : throw Refuse($"a number {Domain.Words(least, most)}");
    }

    private RunDamagedException Refuse(int index, string expected) => new(path, csv.LineNumber,
        $"'{Domain.Shorten(csv.GetString(index))}' is not {expected}, which column '{csv.Headers[index]}' needs");
}
