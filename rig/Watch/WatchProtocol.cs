using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Lab.Measure;

namespace Lab.Watch;

/// <summary>What the process that measures and the one that watches it say to each other, a line at a time: told to <c>start</c>
/// and to <c>stop</c>, the watching one answers the first with <c>watching</c>, the second with a line per disturbance and note,
/// and <c>end</c>. Ends with its input, so that it cannot outlive who asked for it.</summary>
public static class WatchProtocol
{
    /// <summary>The verb that a watching process is started with.</summary>
    public const string Verb = "watch";

    internal const string Start = "start", Stop = "stop", Watching = "watching", End = "end";

    /// <summary>Answers orders about a process until they end.</summary>
    /// <param name="process">Whose.</param>
    /// <param name="orders">Its end is the end.</param>
    /// <param name="answers">Flushed after each.</param>
    public static void Serve(int process, TextReader orders, TextWriter answers)
    {
        // An interrupt on the terminal is for the process that measures: its last window is still to be read.
        using PosixSignalRegistration ignored =
            PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => signal.Cancel = true);
        BeModest();
        ContaminationWatch? watch = null;
        try
        {
            while (orders.ReadLine() is { } order)
            {
                if (order == Start)
                {
                    watch?.Dispose();
                    watch = ContaminationWatch.Attach(process);
                    answers.WriteLine(Watching);
                }
                else if (watch is not null)
                {
                    watch.Stop();
                    foreach (Disturbance one in watch.Located) answers.WriteLine(Line(one, isLocated: true));
                    foreach (Disturbance one in watch.Sampled) answers.WriteLine(Line(one, isLocated: false));
                    foreach (string note in watch.Notes) answers.WriteLine($"note\t{OneCell(note)}");
                    answers.WriteLine(End);
                    watch = null;
                }
                answers.Flush();
            }
        }
        finally
        {
            watch?.Dispose();
        }
    }

    /// <summary>Reads a line that <see cref="Serve"/> wrote; null if it is none of a disturbance.</summary>
    public static (Disturbance Disturbance, bool IsLocated)? Read(string line)
    {
        string[] cells = line.Split('\t');
        return cells.Length == 5 && Enum.TryParse(cells[0], out DisturbanceKind kind)
            && long.TryParse(cells[1], NumberStyles.Integer, CultureInfo.InvariantCulture, out long start)
            && long.TryParse(cells[2], NumberStyles.Integer, CultureInfo.InvariantCulture, out long length)
            ? (new Disturbance(kind, start, length, cells[4]), cells[3] == "located")
            : null;
    }

    private static string Line(Disturbance one, bool isLocated) => string.Create(
        CultureInfo.InvariantCulture, $"{one.Kind}\t{one.StartNanoseconds}\t{one.LengthNanoseconds}\t"
            + $"{(isLocated ? "located" : "sampled")}\t{OneCell(one.Detail)}");

    private static string OneCell(string text) => text.ReplaceLineEndings(" ").Replace('\t', ' ');

    /// <summary>Who measures goes first.</summary>
    private static void BeModest()
    {
        try
        {
            using Process self = Process.GetCurrentProcess();
            self.PriorityClass = ProcessPriorityClass.Idle;
        }
        catch (Exception refused) when (refused is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            // Then the two are equals.
        }
    }
}
