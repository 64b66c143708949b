using System.Globalization;

namespace Lab.Application.Fleet;

/// <summary>The scheduler's job that this process is part of, as its environment says.</summary>
public static class FleetJob
{
    /// <summary>Empty without one.</summary>
    public static string Name => (Variable("SLURM_ARRAY_JOB_ID"), Variable("SLURM_ARRAY_TASK_ID")) switch
    {
        ({ Length: > 0 } array, { Length: > 0 } task) => $"{array}_{task}",
        _ => Variable("SLURM_JOB_ID"),
    };

    /// <summary>How often it was begun again.</summary>
    public static int Restarts => int.TryParse(Variable("SLURM_RESTART_COUNT"), NumberStyles.None, CultureInfo.InvariantCulture,
        out int count) ? count : 0;

    private static string Variable(string name) => Environment.GetEnvironmentVariable(name) ?? "";
}
