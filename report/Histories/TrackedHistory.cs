using System.Globalization;
using Lab.Application;
using Lab.Application.Measuring;
using Lab.Measure;
using Lab.Results.Comparisons;
using Lab.Results.Tracking;

namespace Lab.Report.Histories;

/// <summary>A history as read and judged, for the machine of a fingerprint, or for all where that is null. Notes are what a
/// reader must know, a sentence each without its stop.</summary>
public sealed record TrackedHistory(string Path, string? Machine, int Rows, IReadOnlyList<DamagedRow> Damaged,
    IReadOnlyList<TrackedSeries> Series, IReadOnlyList<string> Notes)
{
    /// <summary>Beside the history.</summary>
    public static string AcknowledgedBeside(string history) =>
        System.IO.Path.Combine(System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(history))!, "acknowledged.csv");

    public static string ThisFingerprint => FingerprintFor(ComparedSubject.Strategy);

    private static string FingerprintFor(ComparedSubject subject) =>
        Fingerprint.Of(ThisMachine.Facts(EnvironmentFingerprint.Read(AppContext.BaseDirectory)), subject);

    /// <summary>For the machine that <c>--machine</c> says; empty means this one, or all if it has no series and those of others
    /// may stand in.</summary>
    /// <exception cref="NotComparableException">No history, or none of that machine.</exception>
    /// <exception cref="Lab.Results.RunDamagedException">The file is no history that this program reads.</exception>
    public static TrackedHistory Read(
        string path, string machine, bool mayBeOthers, ComparedSubject subject = ComparedSubject.Strategy)
    {
        if (!File.Exists(path)) throw new NotComparableException(
            $"There is no history '{path}'; lab track add creates one, --history names another.");
        return Of(path, new HistoryFile(path).Read(), machine, mayBeOthers, subject);
    }

    /// <summary>As <see cref="Read"/>, of rows that were read already.</summary>
    /// <param name="path">Of the file, or of the folder of a store; acknowledgements are beside it.</param>
    /// <exception cref="NotComparableException">There are none, or none of that machine.</exception>
    public static TrackedHistory Of(string path, History history, string machine, bool mayBeOthers,
        ComparedSubject subject = ComparedSubject.Strategy)
    {
        (IReadOnlyList<Acknowledgement> acknowledged, IReadOnlyList<DamagedRow> damaged) =
            new AcknowledgementFile(AcknowledgedBeside(path)).Read();
        List<DamagedRow> unread = [.. history.Damaged, .. damaged];
        List<string> notes = [.. unread.Select(row => $"{row}; left out")];
        if (history.Rows.Count == 0) throw new NotComparableException(
            history.Damaged is [var only] ? $"{only}; it has no other row."
                : history.Damaged is [var first, ..] ? $"{first}; it has other rows, and none can be read."
                : $"'{path}' has no row; lab track add adds some.");

        string[] machines = [.. history.Rows.Select(row => row.Machine).Distinct()];
        string? wanted = Choose(path, machine, machines, mayBeOthers, notes, subject);
        IReadOnlyList<HistoryRow> rows = wanted is null ? history.Rows : [.. history.Rows.Where(row => row.Machine == wanted)];
        IReadOnlyList<TrackedSeries> series = HistoryReport.InOrder(Tracker.Track(rows, acknowledged, []));
        return new TrackedHistory(path, wanted, rows.Count, unread, series, notes);
    }

    /// <summary>Series of which a change could be told.</summary>
    public static bool IsLongEnough(TrackedSeries series) => series.Points.Count >= ChangePointDetector.FewestPoints();

    /// <summary>Whose series they are, for a heading.</summary>
    public string MachineText() =>
        Machine is null ? $"all ({string.Join(", ", Series.Select(one => one.Key.Machine).Distinct())})"
        : Machine == ThisFingerprint ? $"{Machine} (this one)"
        : Machine == FingerprintFor(ComparedSubject.Kernel) ? $"{Machine} (this one, whatever its kernel)" : Machine;

    public void PrintNotes(TextWriter to)
    {
        foreach (string note in Notes) to.WriteLine($"note: {note.ReplaceLineEndings(" ")}.");
    }

    private static string? Choose(string path, string machine, string[] machines, bool mayBeOthers, List<string> notes,
        ComparedSubject subject)
    {
        if (machine == "all") return null;
        string here = FingerprintFor(subject);
        if (machine is "" or "this")
        {
            if (machines.Contains(here))
            {
                int others = machines.Length - 1;
                if (others > 0)
                {
                    notes.Add(string.Create(CultureInfo.InvariantCulture, $"{others} other "
                        + $"machine{(others == 1 ? " has" : "s have")} series as well; --machine all shows them"));
                }
                return here;
            }
            if (machine.Length == 0 && mayBeOthers)
            {
                notes.Add($"nothing was measured on this machine ({here}); these are all machines' series");
                return null;
            }
            throw new NotComparableException($"'{path}' has no row of this machine ({here}); there are: "
                + $"{string.Join(", ", machines)}; --machine names one of them, or all.");
        }
        string[] found = [.. machines.Where(one => one.StartsWith(machine, StringComparison.Ordinal))];
        return found is [var only] ? only
            : throw new NotComparableException(found.Length > 1
                ? $"'{machine}' is ambiguous, {found.Length} machines begin with it: {string.Join(", ", found)}."
                : $"'{path}' has no row of machine '{machine}'; there are: {string.Join(", ", machines)}.");
    }
}
