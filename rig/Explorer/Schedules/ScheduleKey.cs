using System.Globalization;
using System.Text;

namespace Lab.Explorer.Schedules;

/// <summary>What a recorded schedule belongs to.</summary>
/// <param name="Version">Version of the format and of the explorer's numbering of steps.</param>
/// <param name="Subject">Who runs it: a strategy's name, or "program:sb".</param>
/// <param name="Scenario">What is run, with its parameters: "fast-zap-reload,vcpus=1". Without colons.</param>
/// <param name="Model">Memory model under which it was recorded.</param>
/// <param name="Code">Sixteen bits that stand for the code or the scenario's text; see
/// <see cref="Of(string, string, MemoryModel, string)"/>.</param>
public sealed record ScheduleKey(int Version, string Subject, string Scenario, MemoryModel Model, ushort Code)
{
    /// <summary>The version written by this build.</summary>
    public const int CurrentVersion = 1;

    /// <param name="subject">Who runs it.</param>
    /// <param name="scenario">What is run, with its parameters.</param>
    /// <param name="model">The memory model.</param>
    /// <param name="fingerprint">Whatever must not have changed for the schedule to mean the same: source text, a declaration, a
    /// version.</param>
    public static ScheduleKey Of(string subject, string scenario, MemoryModel model, string fingerprint) =>
        new(CurrentVersion, Sanitize(subject), Sanitize(scenario).Replace(':', ';'), model,
            CheckSum.Of(Encoding.UTF8.GetBytes(fingerprint)));

    /// <summary>What a schedule of a scene belongs to. The fingerprint is the declaration: names and initial values; a pointer's
    /// is another one in each process, and left out.</summary>
    internal static ScheduleKey Of(Scene scene, MemoryModel model)
    {
        HashSet<ulong> pointers = [.. scene.Words.Select(word => word.Pointer)];
        IEnumerable<string> threads = scene.Threads.Select(thread => thread.Name);
        IEnumerable<string> words = scene.Words.Select(word => pointers.Contains(word.Initial) ? $"{word.Name}=pointer"
            : string.Create(CultureInfo.InvariantCulture, $"{word.Name}={word.Initial}"));
        return Of("program", string.Join('+', threads), model, string.Join('\n', [.. threads, "", .. words]));
    }

    /// <summary>A schedule string is one word on a command line.</summary>
    private static string Sanitize(string name) =>
        string.Concat(name.Select(letter => char.IsWhiteSpace(letter) || char.IsControl(letter) ? '-' : letter));
}

/// <summary>CRC-16/CCITT: notices every edit of a single character, and of two neighbours.</summary>
internal static class CheckSum
{
    public static ushort Of(ReadOnlySpan<byte> bytes)
    {
        uint sum = 0xffff;
        foreach (byte value in bytes)
        {
            sum ^= (uint)value << 8;
            for (int bit = 0; bit < 8; bit++) sum = (sum & 0x8000) != 0 ? (sum << 1) ^ 0x1021 : sum << 1;
        }
        return (ushort)sum;
    }
}
