using System.ComponentModel;
using System.Diagnostics;
using Lab.Results.Fleet;
using Lab.Settings;

namespace Lab.Application.Fleet;

/// <summary>Slurm: units as array jobs, which it hands out, begins again and limits in time. It is spoken to by its
/// commands.</summary>
/// <param name="wishes">What it is told besides the plan.</param>
/// <param name="say">For people, a line each.</param>
public sealed class SlurmEngine(SlurmWishes wishes, Action<string> say) : IFleetEngine
{
    public string Describe(PlanFolder plan, IReadOnlyList<int> units) =>
        string.Join('\n', SlurmScript.For(plan, units, wishes));

    public void Submit(PlanFolder plan, IReadOnlyList<int> units)
    {
        if (IsAtWork(plan))
        {
            say($"the queue has jobs of this plan already ({SlurmScript.JobName(plan)}); no more are submitted.");
            return;
        }
        Directory.CreateDirectory(SlurmScript.LogFolder(plan));
        foreach (string script in SlurmScript.For(plan, units, wishes))
        {
            say($"Slurm's job {Ask("sbatch", script, "--parsable").Trim()}, logs in {SlurmScript.LogFolder(plan)}");
        }
    }

    /// <summary>Jobs that somebody has to release first are none.</summary>
    public bool IsAtWork(PlanFolder plan) =>
        Ask("squeue", "", "--noheader", "--format=%i %r", $"--name={SlurmScript.JobName(plan)}")
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Any(job => !job.Contains("held", StringComparison.OrdinalIgnoreCase));

    /// <exception cref="UsageException">There is no such command, or it fails.</exception>
    private static string Ask(string command, string input, params string[] arguments)
    {
        ProcessStartInfo start = new(command, arguments)
            { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        try
        {
            using Process process = Process.Start(start)!;
            Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
            process.StandardInput.Write(input);
            process.StandardInput.Close();
            process.WaitForExit();
            if (process.ExitCode == 0) return output.GetAwaiter().GetResult();
            throw new UsageException($"{command}: {error.GetAwaiter().GetResult().Trim().ReplaceLineEndings("; ")}");
        }
        catch (Win32Exception)
        {
            throw new UsageException($"There is no '{command}' here; install Slurm's client (Debian: slurm-client), or use "
                + "--engine local.");
        }
    }
}
