using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace Lab.Explorer.Schedules;

/// <summary>A schedule as one short word, to be printed with a failure and handed back for its replay:
/// <c>x1:async-put:fast-zap-reload,vcpus=1:sc:1f2e3d4c:a12b3a40c2</c>.</summary>
/// <remarks>Version, subject, scenario, memory model, eight hex digits, picks as runs: a letter per thread ('a' is thread 0;
/// under TSO the store buffers follow the threads), then how many steps it makes, if more than one. The first four digits stand
/// for the code that was run, the last four are a checksum over everything else in the string, so that an edited string and
/// changed code are told apart.</remarks>
public static class ScheduleText
{
    private const string Example = "x1:STRATEGY:SCENARIO,vcpus=1:sc:1f2e3d4c:a12b3a40c2";
    private const string Letters = "abcdefghijklmnopqrstuvwxyzABCDEF";
    private const string Alphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789,=:-+";

    /// <summary>Steps that a decoded schedule may have: a run length that somebody mistyped must not fill memory.</summary>
    private const int StepsMax = 16 * 1024 * 1024;

    public static string Encode(ScheduleKey key, IReadOnlyList<byte> picks)
    {
        StringBuilder runs = new();
        for (int step = 0; step < picks.Count;)
        {
            int from = step;
            while (step < picks.Count && picks[step] == picks[from]) step++;
            _ = runs.Append(Letters[picks[from]]);
            if (step - from > 1) _ = runs.Append(CultureInfo.InvariantCulture, $"{step - from}");
        }
        string head =
            $"x{key.Version}:{key.Subject}:{key.Scenario}:{(key.Model == MemoryModel.Tso ? "tso" : "sc")}:{key.Code:x4}";
        return $"{head}{SumOf(head, runs.ToString()):x4}:{runs}";
    }

    /// <summary>Reads what <see cref="Encode"/> wrote. On false, <paramref name="complaint"/> is a sentence that says why and
    /// what to do.</summary>
    public static bool TryDecode(string text, [NotNullWhen(true)] out ScheduleKey? key, [NotNullWhen(true)] out byte[]? picks,
        [NotNullWhen(false)] out string? complaint)
    {
        key = null;
        picks = null;
        text = text.Trim();
        string[] parts = text.Split(':');
        complaint = Version(parts[0], out int version);
        if (complaint is not null) return false;
        if (parts.Length < 6)
        {
            complaint = $"The schedule string is cut off after character {text.Length}; a whole one looks like '{Example}'. "
                + "Copy it whole.";
            return false;
        }

        // A subject may contain colons; nothing after it does.
        string model = parts[^3];
        string digits = parts[^2];
        string runs = parts[^1];
        string head = text[..^(digits.Length + 1 + runs.Length)];
        int digitsAt = head.Length;
        int runsAt = digitsAt + digits.Length + 1;
        if (model is not ("sc" or "tso"))
        {
            complaint = $"The schedule string was edited at character {head.Length - model.Length}: '{model}' is not a memory "
                + "model (sc, tso). Copy it again.";
        }
        else if (digits.Length != 8 || digits.Any(digit => !char.IsAsciiHexDigitLower(digit)))
        {
            complaint = $"The schedule string was cut or edited at character {digitsAt + 1}: '{digits}' should be eight hex "
                + "digits. Copy it again.";
        }
        else if (TryRuns(runs, runsAt, out byte[] decoded, out complaint))
        {
            if (ushort.Parse(digits[4..], NumberStyles.HexNumber,
                CultureInfo.InvariantCulture) == SumOf(head + digits[..4], runs))
            {
                ushort code = ushort.Parse(digits[..4], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
                string subject = string.Join(':', parts[1..^4]);
                key = new ScheduleKey(version, subject, parts[^4], model == "tso" ? MemoryModel.Tso : MemoryModel.Sc, code);
                picks = decoded;
                return true;
            }
            complaint =
                $"The schedule string was cut or edited: its checksum does not match{Suspect(text, digitsAt)}. Copy it again.";
        }
        return false;
    }

    /// <summary>Why a schedule recorded for <paramref name="found"/> cannot be replayed on <paramref name="expected"/>, and what
    /// to do; null if it can.</summary>
    public static string? Mismatch(ScheduleKey expected, ScheduleKey found)
    {
        if (found.Version != expected.Version) return OtherVersion(found.Version);
        if (found.Subject != expected.Subject)
        {
            return $"The schedule was recorded for '{found.Subject}', this is '{expected.Subject}'; replay it on "
                + $"'{found.Subject}'.";
        }
        if (found.Scenario != expected.Scenario)
        {
            return $"The schedule was recorded for scenario '{found.Scenario}', this is '{expected.Scenario}'; ask for "
                + $"'{found.Scenario}'.";
        }
        if (found.Model != expected.Model)
        {
            return $"The schedule was recorded under {Name(found.Model)}, this is {Name(expected.Model)}; replay it under "
                + $"{Name(found.Model)}.";
        }
        return found.Code == expected.Code
            ? null
            : $"The code of '{found.Subject}' or scenario '{found.Scenario}' has changed since the schedule was recorded; " +
              "search again, or return to the version it was recorded with.";
    }

    private static string Name(MemoryModel model) => model switch
    {
        MemoryModel.Tso => "x86-TSO",
        MemoryModel.Sc => "sequential consistency",
        _ => MemoryModels.NameOf(model),
    };

    private static string OtherVersion(int version) =>
        $"The schedule was written by version {version} of the explorer, this is version {ScheduleKey.CurrentVersion}; search "
            + "again with this one.";

    private static string? Version(string part, out int version)
    {
        version = 0;
        bool isOurs =
            part.StartsWith('x') && int.TryParse(part.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out version);
        if (!isOurs) return $"This is not a schedule string; one looks like '{Example}' and is printed with each failure.";
        return version == ScheduleKey.CurrentVersion ? null : OtherVersion(version);
    }

    private static bool TryRuns(string runs, int at, out byte[] picks, [NotNullWhen(false)] out string? complaint)
    {
        picks = [];
        List<byte> decoded = [];
        int next = 0;
        while (next < runs.Length)
        {
            int thread = Letters.IndexOf(runs[next], StringComparison.Ordinal);
            int digitsFrom = next + 1;
            int digitsTo = digitsFrom;
            while (digitsTo < runs.Length && char.IsAsciiDigit(runs[digitsTo])) digitsTo++;
            int count = 1;
            bool isCount =
                digitsTo == digitsFrom || (int.TryParse(runs.AsSpan(digitsFrom, digitsTo - digitsFrom), NumberStyles.None,
                    CultureInfo.InvariantCulture, out count) && count > 1 && count <= StepsMax - decoded.Count);
            if (thread < 0 || !isCount)
            {
                int where = thread < 0 ? next : digitsFrom;
                complaint = $"The schedule string was edited at character {at + where + 1}: '{runs[where]}' is not valid there. "
                    + "Copy it again.";
                return false;
            }
            for (int step = 0; step < count; step++) decoded.Add((byte)thread);
            next = digitsTo;
        }
        picks = [.. decoded];
        complaint = null;
        return true;
    }

    private static ushort SumOf(string head, string runs) => CheckSum.Of(Encoding.UTF8.GetBytes($"{head}:{runs}"));

    /// <summary>The one character whose change would make the checksum fit, if there is exactly one place for it.</summary>
    private static string Suspect(string text, int digitsAt)
    {
        const int LengthMax = 400;
        if (text.Length > LengthMax) return "";
        char[] letters = text.ToCharArray();
        int place = -1;
        for (int index = 0; index < letters.Length; index++)
        {
            // The checksum's own digits are asked for directly, and would fit any text.
            if (index >= digitsAt + 4 && index < digitsAt + 8) continue;
            char original = letters[index];
            foreach (char candidate in Alphabet)
            {
                if (candidate == original) continue;
                letters[index] = candidate;
                if (!Fits(letters, digitsAt)) continue;
                if (place >= 0 && place != index) return "";
                place = index;
            }
            letters[index] = original;
        }
        return place < 0 ? "" : $" (it looks as if character {place + 1}, '{text[place]}', is the one that was changed)";
    }

    private static bool Fits(ReadOnlySpan<char> text, int digitsAt) =>
        ushort.TryParse(text.Slice(digitsAt + 4, 4), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out ushort sum) &&
        sum == SumOf(text[..(digitsAt + 4)].ToString(), text[(digitsAt + 9)..].ToString());
}
