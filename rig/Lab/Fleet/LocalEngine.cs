using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Lab.Application.Measuring;
using Lab.Results.Fleet;
using Lab.Settings;

namespace Lab.Application.Fleet;

/// <summary>This machine: a process per unit, some at a time. What is to be begun again is, as Slurm would; units end with the
/// process that handed them out.</summary>
/// <param name="program">Starts the lab with arguments.</param>
/// <param name="atOnce">Units at the same time.</param>
/// <param name="say">For people, a line each.</param>
/// <param name="cancellation">Ends the units that run.</param>
public sealed class LocalEngine(
    Func<IEnumerable<string>, ProcessStartInfo?> program, int atOnce, Action<string> say, CancellationToken cancellation)
    : IFleetEngine
{
    /// <summary>So often a unit is begun again after one that was interrupted without anybody's asking.</summary>
    private const int InterruptedMax = 3;

    public string Describe(PlanFolder plan, IReadOnlyList<int> units) => string.Concat(units.Select(
        unit => string.Create(CultureInfo.InvariantCulture, $"lab fleet work {plan.Path} {unit}\n"))).TrimEnd('\n');

    /// <summary>Returns when all have ended.</summary>
    public void Submit(PlanFolder plan, IReadOnlyList<int> units)
    {
        ParallelOptions options = new() { MaxDegreeOfParallelism = atOnce };
        Parallel.ForEach(Partitioner.Create(units, EnumerablePartitionerOptions.NoBuffering), options, unit =>
        {
            for (int put = 0, interrupted = 0; !cancellation.IsCancellationRequested;)
            {
                int code = Do(plan, unit);
                bool isAgain = code == ExitCode.Contaminated ? ++put <= UnitWorker.PutOffMax
                    : code == ExitCode.Interrupted && ++interrupted <= InterruptedMax;
                if (!isAgain) return;
            }
        });
    }

    public bool IsAtWork(PlanFolder plan) => false;

    private int Do(PlanFolder plan, int unit)
    {
        ProcessStartInfo start = program(["fleet", "work", plan.Path, unit.ToString(CultureInfo.InvariantCulture)])
            ?? throw new UsageException("lab fleet cannot find its own program; start it with 'dotnet lab.dll fleet'.");
        SelfProcess.EndsWithThis(start);
        using Process process = new() { StartInfo = start };
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, line) =>
        {
            if (line.Data is { Length: > 0 } text) say(text);
        };
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        // A terminal's Ctrl-C reaches the unit by itself.
        using CancellationTokenRegistration ended = cancellation.Register(() => Signal(process));
        process.WaitForExit();
        return process.ExitCode;
    }

    private static void Signal(Process process)
    {
        try
        {
            using Process kill = Process.Start("kill", ["-TERM", process.Id.ToString(CultureInfo.InvariantCulture)]);
            kill.WaitForExit();
        }
        catch (Exception gone) when (gone is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            // It has ended by itself.
        }
    }
}
