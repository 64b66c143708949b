using System.Globalization;
using CsvHelper;

namespace Lab.Results;

/// <summary>One CSV file of a run folder as typed rows.</summary>
/// <param name="columns">Those after the measurement's key.</param>
/// <param name="identity">Of which a measurement has one row; null where it may have several of anything.</param>
internal sealed class CsvTable<TRow>(
    string name, string[] columns, Action<CellWriter, TRow> write, Func<MeasurementKey, CellReader, TRow> read,
    Func<TRow, string>? identity = null)
    where TRow : MeasurementRow
{
    private static readonly CsvWriterOptions Writing = new() { NewLine = "\n", FormatProvider = CultureInfo.InvariantCulture };

    private static readonly CsvReaderOptions Reading = new()
    {
        Separator = ',',
        FormatProvider = CultureInfo.InvariantCulture,
        MalformedData = CsvMalformedDataHandling.Throw,
        FieldCountMismatch = CsvFieldCountHandling.Throw,
        TrackLineNumbers = true,
        PoolStrings = true, // Names repeat on every row.
    };

    private readonly string[] _header = ["strategy", "workload", "mmu", "run", .. columns];

    internal string Name => name;

    /// <summary>Writes what the file in <paramref name="folder"/> holds, then <paramref name="rows"/>. The old part is copied,
    /// not kept in memory: a long run must not grow the heap of the process that measures.</summary>
    internal void WriteAppended(Stream stream, string folder, IReadOnlyList<TRow> rows)
    {
        string path = Path.Combine(folder, name);
        bool isFirst = !File.Exists(path);
        if (!isFirst)
        {
            using FileStream old = File.OpenRead(path);
            old.CopyTo(stream);
        }

        Write(stream, rows, hasHeader: isFirst);
    }

    internal void Write(Stream stream, IReadOnlyList<TRow> rows, bool hasHeader = true)
    {
        using CsvWriter csv = CsvWriter.Create(stream, Writing, leaveOpen: true);
        if (hasHeader) csv.WriteHeader(_header);
        CellWriter cells = new(csv);
        foreach (TRow row in rows)
        {
            write(cells.Text(row.Strategy).Text(row.Workload).Text(row.Mmu).Whole(row.Run), row);
            csv.EndRecord();
        }
    }

    /// <summary>As <see cref="Read"/>; a file that is not there has no rows.</summary>
    internal List<TRow> ReadIfThere(string folder, NamedMeasurements named) =>
        File.Exists(Path.Combine(folder, name)) ? Read(folder, named) : [];

    /// <summary>The rows of the measurements that the manifest names, in the file's order.</summary>
    /// <exception cref="RunDamagedException">Names the file and, where there is one, the line.</exception>
    internal List<TRow> Read(string folder, NamedMeasurements named) => ReadRows(folder, named, (_, _) => null);

    /// <summary>What is wrong with a cell of the first of some rows, which a look at other tables showed. Found by reading the
    /// file once more: only damage pays for it.</summary>
    /// <param name="column">As <see cref="CellReader.RefuseColumn"/> counts.</param>
    internal RunDamagedException Refuse(
        string folder, NamedMeasurements named, Func<TRow, bool> which, int column, string expected)
    {
        try
        {
            _ = ReadRows(folder, named, (row, cells) => which(row) ? cells.RefuseColumn(column, expected) : null);
        }
        catch (RunDamagedException found)
        {
            return found;
        }
        // It was changed since.
        return new RunDamagedException(
            Path.Combine(folder, name), null, $"a cell of column '{columns[column]}' is not {expected}");
    }

    private List<TRow> ReadRows(string folder, NamedMeasurements named, Func<TRow, CellReader, RunDamagedException?> odd)
    {
        string path = Path.Combine(folder, name);
        try
        {
            using CsvReader csv = CsvReader.FromFile(path, Reading);
            if (!csv.Headers.SequenceEqual(_header)) throw new RunDamagedException(path, 1,
                $"the header is not '{string.Join(',', _header)}'");

            List<TRow> rows = [];
            HashSet<(MeasurementKey, string)> there = [];
            CellReader cells = new(csv, path);
            while (csv.Read())
            {
                cells.StartRow();
                TRow row = read(cells.Key(), cells);
                if (identity is not null && !there.Add((row.Key, identity(row)))) throw cells.RefuseColumn(0,
                    "another one than in the rows of this run before it");
                if (odd(row, cells) is { } found) throw found;
                if (named.Has(row.Key)) rows.Add(row);
                else if (named.IsAll) throw cells.RefuseKey("with its workload, MMU and run a measurement of the manifest");
            }

            return rows;
        }
        catch (CsvFormatException e)
        {
            throw new RunDamagedException(path, e.LineNumber > 0 ? e.LineNumber : null,
                $"the row is not {_header.Length} cells with commas between them, quotes in pairs", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw RunDamagedException.Unreadable(path, e);
        }
    }
}
