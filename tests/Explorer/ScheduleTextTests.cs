using Lab.Explorer;
using Lab.Explorer.Schedules;
using Xunit;

namespace Lab.Tests.Explorer;

/// <summary>A schedule string comes back as it was, and one that cannot is refused with what to do.</summary>
public sealed class ScheduleTextTests
{
    private static readonly ScheduleKey Key = ScheduleKey.Of("async-put", "fast-zap-reload,vcpus=1", MemoryModel.Sc, "the code");
    private static readonly byte[] Picks = [.. Enumerable.Repeat((byte)0, 12), 1, 1, 1, 0, 2, 2];

    [Fact]
    public void A_schedule_is_one_short_word_and_comes_back()
    {
        string text = ScheduleText.Encode(Key, Picks);
        Assert.Matches("^x1:async-put:fast-zap-reload,vcpus=1:sc:[0-9a-f]{8}:a12b3ac2$", text);
        Assert.True(ScheduleText.TryDecode(text, out ScheduleKey? key, out byte[]? picks, out string? complaint), complaint);
        Assert.Equal(Key, key);
        Assert.Equal(Picks, picks);
        Assert.Null(ScheduleText.Mismatch(Key, key));
    }

    [Theory]
    [InlineData("program:sb", MemoryModel.Tso)]
    [InlineData("a:b:c", MemoryModel.Sc)]
    public void A_subject_may_have_colons(string subject, MemoryModel model)
    {
        ScheduleKey key = ScheduleKey.Of(subject, "left+right", model, "");
        Assert.True(ScheduleText.TryDecode(ScheduleText.Encode(key, []), out ScheduleKey? found, out byte[]? picks, out _));
        Assert.Equal(key, found);
        Assert.Empty(picks);
    }

    [Fact]
    public void All_threads_have_letters()
    {
        byte[] picks = [.. Enumerable.Range(0, 32).Select(thread => (byte)thread)];
        Assert.True(ScheduleText.TryDecode(ScheduleText.Encode(Key, picks), out _, out byte[]? decoded, out _));
        Assert.Equal(picks, decoded);
    }

    [Fact]
    public void No_edit_of_one_character_passes_and_most_are_pointed_at()
    {
        string text = ScheduleText.Encode(Key, Picks);
        int pointedAt = 0, all = 0;
        for (int index = 0; index < text.Length; index++)
        {
            foreach (char other in "abz19:,")
            {
                if (text[index] == other) continue;
                string edited = text[..index] + other + text[(index + 1)..];
                Assert.False(ScheduleText.TryDecode(edited, out _, out _, out string? complaint), edited);
                all++;
                if (complaint.Contains($"character {index + 1}", StringComparison.Ordinal)) pointedAt++;
            }
        }
        Assert.True(pointedAt > all / 2, $"{pointedAt} of {all}");
    }

    [Fact]
    public void No_truncated_string_passes()
    {
        string text = ScheduleText.Encode(Key, Picks);
        for (int length = 0; length < text.Length; length++)
        {
            Assert.False(ScheduleText.TryDecode(text[..length], out _, out _, out string? complaint), text[..length]);
            Assert.EndsWith(".", complaint, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("", "not a schedule string")]
    [InlineData("910102ccdedf9592aba2afd70104", "not a schedule string")]
    [InlineData("x1:async-put", "is cut off after character 12")]
    [InlineData("x7:async-put:s:sc:00000000:a", "written by version 7 of the explorer, this is version 1; search again")]
    [InlineData("x1:async-put:s:pso:00000000:a", "at character 16: 'pso' is not a memory model")]
    [InlineData("x1:async-put:s:sc:0000000:a", "at character 19: '0000000' should be eight hex digits")]
    [InlineData("x1:async-put:s:sc:00000000:a?", "at character 29: '?' is not valid there")]
    [InlineData("x1:async-put:s:sc:00000000:a0", "at character 29: '0' is not valid there")]
    [InlineData("x1:async-put:s:sc:00000000:a99999999999", "at character 29")]
    [InlineData("x1:async-put:s:sc:00000000:a", "its checksum does not match")]
    public void What_is_wrong_with_a_string_is_said(string text, string complaint)
    {
        Assert.False(ScheduleText.TryDecode(text, out _, out _, out string? said));
        Assert.Contains(complaint, said, StringComparison.Ordinal);
    }

    [Fact]
    public void A_schedule_of_something_else_is_refused_with_what_to_do()
    {
        Assert.Contains("recorded for 'fast-put', this is 'async-put'", Mismatch(Key with { Subject = "fast-put" }),
            StringComparison.Ordinal);
        Assert.Contains("recorded for scenario 'two-puts', this is 'fast-zap-reload,vcpus=1'",
            Mismatch(Key with { Scenario = "two-puts" }), StringComparison.Ordinal);
        Assert.Contains("recorded under x86-TSO, this is sequential consistency", Mismatch(Key with { Model = MemoryModel.Tso }),
            StringComparison.Ordinal);
        Assert.Contains("version 9", Mismatch(Key with { Version = 9 }), StringComparison.Ordinal);
        ScheduleKey changed = ScheduleKey.Of(Key.Subject, Key.Scenario, Key.Model, "other code");
        Assert.Contains("has changed since the schedule was recorded; search again", Mismatch(changed), StringComparison.Ordinal);
    }

    private static string? Mismatch(ScheduleKey found) => ScheduleText.Mismatch(Key, found);
}
