using System.Globalization;
using CsvHelper;

namespace Lab.Results;

/// <summary>Writes the cells of a row from left to right. Numbers are culture-invariant with at most three decimals.</summary>
internal readonly struct CellWriter(CsvWriter csv)
{
    internal CellWriter Text(string value)
    {
        csv.WriteField(value);
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

/// <summary>Reads the cells of the current row from left to right.</summary>
internal sealed class CellReader(CsvReader csv, string path)
{
    private int _next;

    internal void StartRow() => _next = 0;

    internal string Text() => csv.GetString(_next++);

    internal long Whole()
    {
        int index = _next++;
        return csv.TryParse(index, out long value) ? value : throw Refuse(index, "a whole number");
    }

    /// <summary>An empty cell is not a number.</summary>
    internal double Number()
    {
        int index = _next++;
        if (csv.IsEmpty(index)) return double.NaN;
        return csv.TryParse(index, out double value) && double.IsFinite(value) ? value : throw Refuse(index, "a number");
    }

    internal MeasurementKey Key() => new(Text(), Text(), Text(), checked((int)Whole()));

    private RunDamagedException Refuse(int index, string expected) =>
        new(path, csv.LineNumber, $"'{csv.GetString(index)}' is not {expected}, which column '{csv.Headers[index]}' needs");
}
