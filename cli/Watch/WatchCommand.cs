using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Lab.Measure;

namespace Lab.Cli;

/// <summary>
/// <c>lab watch PID</c>, which <c>lab run</c> starts beside itself: watches the process that measures, for a process that watches itself may deadlock in the
/// runtime. Told on standard input to <c>start</c> and to <c>stop</c>; answers the first with <c>watching</c>, the second with a line per disturbance and
/// note, and <c>end</c>. Ends with its input, so that it cannot outlive who asked for it.
/// </summary>
internal static class WatchCommand
{
    public const string Name = "watch", Start = "start", Stop = "stop", Watching = "watching", End = "end";

    public static Command Build(LabConsole console)
    {
        Argument<int> process = new("pid") { Description = "process to watch" };
        Command command = new(Name, "watch another lab process (started by lab run)") { Hidden = true };
        command.Arguments.Add(process);
        command.SetAction(parsed => LabCommand.Guarded(console, () => Serve(parsed.GetValue(process), console)));
        return command;
    }

    private static int Serve(int process, LabConsole console)
    {
        // An interrupt on the terminal is for the process that measures: its last window is still to be read.
        using PosixSignalRegistration ignored = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => signal.Cancel = true);
        BeModest();
        ContaminationWatch? watch = null;
        try
        {
            while (Console.In.ReadLine() is { } order)
            {
                if (order == Start)
                {
                    watch?.Dispose();
                    watch = ContaminationWatch.Attach(process);
                    console.Out.WriteLine(Watching);
                }
                else if (watch is not null)
                {
                    watch.Stop();
                    foreach (Disturbance one in watch.Located) console.Out.WriteLine(Line(one, isLocated: true));
                    foreach (Disturbance one in watch.Sampled) console.Out.WriteLine(Line(one, isLocated: false));
                    foreach (string note in watch.Notes) console.Out.WriteLine($"note\t{OneCell(note)}");
                    console.Out.WriteLine(End);
                    watch = null;
                }
                console.Out.Flush();
            }
        }
        finally
        {
            watch?.Dispose();
        }
        return ExitCode.Fine;
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
        CultureInfo.InvariantCulture, $"{one.Kind}\t{one.StartNanoseconds}\t{one.LengthNanoseconds}\t{(isLocated ? "located" : "sampled")}\t{OneCell(one.Detail)}");

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
