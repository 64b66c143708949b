using System.Globalization;
using System.Text.Json.Serialization;

namespace Lab.Results;

/// <summary>The process that writes a run folder, named so that a later process with the same number is not taken for it: the
/// start in clock ticks since boot, and the boot. (A wall-clock start would shift whenever the clock is stepped.)</summary>
public sealed record WriterProcess
{
    [Between(1), JsonRequired]
    public int Pid { get; init; }

    /// <summary>Field 22 of <c>/proc/PID/stat</c>; 0 where there is none.</summary>
    [JsonRequired]
    public long StartTicks { get; init; }

    /// <summary><c>/proc/sys/kernel/random/boot_id</c>; empty where there is none.</summary>
    [JsonRequired]
    public string BootId { get; init; } = "";

    public static WriterProcess Current { get; } = new()
    {
        Pid = Environment.ProcessId,
        StartTicks = StartTicksOf(Environment.ProcessId) ?? 0,
        BootId = ReadBootId(),
    };

    /// <summary>Now, or a moment before which it cannot be, where the wall's clock was set back since.</summary>
    internal static DateTimeOffset NotBefore(DateTimeOffset moment) =>
        DateTimeOffset.UtcNow is var now && now > moment ? now : moment;

    /// <summary>Whether that very process still runs here. A zombie does not; nor does a process of another machine.</summary>
    public bool IsAlive() => BootId == Current.BootId && StartTicksOf(Pid) == StartTicks;

    /// <summary>Null when there is no such process, or only what waits to be reaped of it.</summary>
    private static long? StartTicksOf(int pid)
    {
        try
        {
            string stat = File.ReadAllText($"/proc/{pid.ToString(CultureInfo.InvariantCulture)}/stat");
            // The second field is the command in parentheses and may hold anything, blanks and ')' included.
            string[] fields = stat[(stat.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            const int State = 0, StartTime = 19;
            return fields[State] is "Z" or "X" ? null : long.Parse(fields[StartTime], CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException or IndexOutOfRangeException)
        {
            return null;
        }
    }

    private static string ReadBootId()
    {
        try
        {
            return File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
