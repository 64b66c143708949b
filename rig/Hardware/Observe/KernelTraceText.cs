using System.Globalization;

namespace Lab.Hardware;

/// <summary>One event as the file <c>trace</c> of tracefs prints it.</summary>
/// <param name="Command">Of the thread in whose context it fired, at most 15 characters.</param>
/// <param name="ThreadId">As the kernel's first pid namespace has it.</param>
/// <param name="ProcessId">Likewise; 0 where the kernel did not record it.</param>
/// <param name="TimeNanoseconds">On the instance's trace clock, to the microsecond.</param>
/// <param name="Event">Without the name of its system.</param>
/// <param name="Detail">What the event says of itself.</param>
internal readonly record struct KernelTraceLine(
    string Command, int ThreadId, int ProcessId, long TimeNanoseconds, string Event, string Detail);

/// <summary>The text of the file <c>trace</c>, with the options <c>record-tgid</c> and <c>irq-info</c>, as print_event_fields and
/// trace_print_context of kernel/trace/trace_output.c write it (6.18; the same since 5.9). Pure.</summary>
internal static class KernelTraceText
{
    /// <summary>What a write to <c>trace_marker</c> is called among the events.</summary>
    public const string Marker = "tracing_mark_write";

    // "%16s-%-7d ": a command may hold blanks, hyphens, brackets and colons, so its place is counted, not looked for.
    private const int CommandWidth = 16;

    /// <summary>Threads of the kernel's own that may zap for whoever needs it: work queues, page reclaim, compaction, recovery of
    /// huge pages.</summary>
    private static readonly string[] KernelThreads =
        ["kworker/", "kswapd", "khugepaged", "ksmd", "kcompactd", "kvm-nx-lpage-re", "migration/", "ksoftirqd/", "oom_reaper"];

    /// <summary>Whether a line is neither blank nor one of the comments at the head.</summary>
    public static bool IsContent(ReadOnlySpan<char> line) => !line.IsWhiteSpace() && line[0] != '#';

    /// <summary>False for whatever is no event: nothing is guessed.</summary>
    public static bool TryParse(string text, out KernelTraceLine line)
    {
        line = default;
        ReadOnlySpan<char> rest = text;
        if (rest.Length <= CommandWidth || rest[CommandWidth] != '-') return false;
        ReadOnlySpan<char> command = rest[..CommandWidth].Trim(' ');
        rest = rest[(CommandWidth + 1)..];
        if (!TryWhole(Word(ref rest), out int thread)) return false;
        if (!TryProcess(ref rest, out int process)) return false;
        // "[001] d..2. 16030.050011: kvm_mmu_zap_all_fast: …"
        if (Word(ref rest) is not ['[', .., ']'] || Word(ref rest).IsEmpty || !TryTime(Word(ref rest), out long time))
        {
            return false;
        }
        rest = rest.TrimStart(' ');
        int colon = rest.IndexOf(':');
        if (colon <= 0 || rest[..colon].Contains(' ')) return false;
        line = new KernelTraceLine(command.ToString(), thread, process, time, rest[..colon].ToString(),
            rest[(colon + 1)..].TrimStart(' ').ToString());
        return true;
    }

    /// <summary>"CPU:1 [LOST 4711 EVENTS]", which stands where the buffer was overrun; "[LOST EVENTS]", where the kernel did not
    /// count, is one.</summary>
    public static bool TryParseLost(string text, out long lost)
    {
        lost = 0;
        ReadOnlySpan<char> rest = text;
        if (!rest.StartsWith("CPU:", StringComparison.Ordinal) || !rest.EndsWith(" EVENTS]", StringComparison.Ordinal))
        {
            return false;
        }
        int bracket = rest.IndexOf(" [LOST", StringComparison.Ordinal);
        if (bracket < 0) return false;
        ReadOnlySpan<char> count = rest[(bracket + " [LOST".Length)..^" EVENTS]".Length].Trim(' ');
        if (count.IsEmpty)
        {
            lost = 1;
            return true;
        }

        return long.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out lost);
    }

    /// <summary>A counter of <c>per_cpu/cpuN/stats</c>: "overrun: 12". 0 when it is not there.</summary>
    public static long Statistic(IEnumerable<string> lines, string name)
    {
        foreach (string line in lines)
        {
            if (line.StartsWith(name + ":", StringComparison.Ordinal) && long.TryParse(line.AsSpan(name.Length + 1),
                NumberStyles.AllowLeadingWhite, CultureInfo.InvariantCulture, out long value))
            {
                return value;
            }
        }
        return 0;
    }

    /// <summary>When the oldest event left in a CPU's buffer fired, from its <c>stats</c>; 0 when it is not there.</summary>
    public static long OldestNanoseconds(IEnumerable<string> lines)
    {
        const string name = "oldest event ts:";
        foreach (string line in lines)
        {
            if (line.StartsWith(name, StringComparison.Ordinal)
                && TryTime(string.Concat(line.AsSpan(name.Length).Trim(' '), ":"), out long time))
            {
                return time;
            }
        }
        return 0;
    }

    /// <summary>Not those of the host's own memory management, which every process causes.</summary>
    public static bool IsOfKvm(string name) => name.StartsWith("kvm_", StringComparison.Ordinal) || name == "fast_page_fault";

    /// <summary>By name, for the kernel's threads have no process that could be asked, and pids of another namespace cannot
    /// be.</summary>
    public static bool IsKernelThread(string command) =>
        KernelThreads.Any(name => command.StartsWith(name, StringComparison.Ordinal));

    private static bool TryProcess(ref ReadOnlySpan<char> rest, out int process)
    {
        process = 0;
        rest = rest.TrimStart(' ');
        if (rest is not ['(', ..]) return true; // without record-tgid
        int close = rest.IndexOf(')');
        if (close < 0) return false;
        ReadOnlySpan<char> number = rest[1..close].Trim(' ');
        rest = rest[(close + 1)..];
        return number.TrimStart('-').IsEmpty || TryWhole(number, out process);
    }

    private static bool TryTime(ReadOnlySpan<char> word, out long nanoseconds)
    {
        nanoseconds = 0;
        int point = word.IndexOf('.');
        if (point < 0 || word is not [.., ':'] || word.Length - point != ".123456:".Length) return false;
        if (!long.TryParse(word[..point], NumberStyles.None, CultureInfo.InvariantCulture, out long seconds)
            || seconds > long.MaxValue / 2_000_000_000)
        {
            return false;
        }
        if (!TryWhole(word[(point + 1)..^1], out int microseconds)) return false;
        nanoseconds = (seconds * 1_000_000_000) + (microseconds * 1000L);
        return true;
    }

    private static bool TryWhole(ReadOnlySpan<char> digits, out int value) =>
        int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out value);

    private static ReadOnlySpan<char> Word(ref ReadOnlySpan<char> rest)
    {
        rest = rest.TrimStart(' ');
        int end = rest.IndexOf(' ');
        ReadOnlySpan<char> word = end < 0 ? rest : rest[..end];
        rest = end < 0 ? default : rest[end..];
        return word;
    }
}
