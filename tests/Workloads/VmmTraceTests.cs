using System.Globalization;
using System.Text;
using Lab.Mmu;
using Lab.Workloads;
using Xunit;

namespace Lab.Tests.Workloads;

public class VmmTraceTests
{
    private const string First = "7 100.5 Slot#0 flags=0x0 gpa=0x0 size=0x2000 ret=0\n";

    public static TheoryData<string> BuiltIn => [.. VmmTrace.BuiltIn];

    [Fact]
    public void Two_traces_come_with_the_lab() => Assert.Equal(["seabios-pc-vga", "seabios-q35-vga"], VmmTrace.BuiltIn);

    [Theory]
    [MemberData(nameof(BuiltIn))]
    public void Slots_are_cut_to_the_memory_there_is_and_nothing_else_changes(string name)
    {
        const ulong Most = 4096; // 16 MiB
        VmmTrace whole = VmmTrace.Load(name), cut = whole.WithSlotsUpTo(Most);
        Assert.Contains(whole.Calls, call => call.Range.Frames > Most);
        Assert.All(cut.Calls, call => Assert.InRange(call.Range.Frames, 0ul, Most));
        Assert.Equal(whole.Calls.Select(call => (call.AtNanoseconds, call.Slot, call.Flags, call.IsDelete, call.Range.Start)),
            cut.Calls.Select(call => (call.AtNanoseconds, call.Slot, call.Flags, call.IsDelete, call.Range.Start)));
    }

    [Theory]
    [MemberData(nameof(BuiltIn))]
    public void A_built_in_trace_holds_the_calls_that_its_lines_say(string name)
    {
        // Read a second time, by splitting at blanks and equal signs instead of by the parser's pattern.
        string[] lines = [.. TextOf(name).Split('\n').Where(line => line.Length != 0 && line[0] != '#')];
        string[][] fields = [.. lines.Select(line => line.TrimEnd('\r').Split(' ', '='))];
        string[][] succeeded = [.. fields.Where(field => field[^1] == "0")];
        ulong Hex(string text) => ulong.Parse(text[2..], NumberStyles.HexNumber, CultureInfo.InvariantCulture);

        VmmTrace trace = VmmTrace.Load(name);
        Assert.Equal(name.Contains("q35", StringComparison.Ordinal) ? 37 : 35, lines.Length);
        Assert.Equal(succeeded.Length, trace.Calls.Count);
        decimal begin = decimal.Parse(succeeded[0][1], CultureInfo.InvariantCulture);
        for (int index = 0; index < succeeded.Length; index++)
        {
            string[] field = succeeded[index];
            VmmCall call = trace.Calls[index];
            Assert.Equal(field[2], $"Slot#{call.Slot}");
            Assert.Equal(Hex(field[4]), (ulong)call.Flags);
            Assert.Equal(Hex(field[6]), call.Range.Start.Value << 12);
            Assert.Equal(Hex(field[8]), call.Range.Frames << 12);
            Assert.Equal((long)((decimal.Parse(field[1], CultureInfo.InvariantCulture) - begin) * 1_000_000_000m),
                call.AtNanoseconds);
        }
        Assert.Equal(1UL << 20, trace.FramesMax);
        Assert.Contains(trace.Calls, call => call.IsDelete);
    }

    [Theory]
    [MemberData(nameof(BuiltIn))]
    public void A_vm_takes_every_call_of_a_built_in_trace(string name)
    {
        using Vm<Metal> vm = Strategies.StrategyFixture.NewVm("mainline", new VmSettings { Vcpus = 1 });
        foreach (VmmCall call in VmmTrace.Load(name).Calls)
        {
            MemslotResult result = call.IsDelete ? vm.Slots.Delete(call.Slot)
                : vm.Slots.Active.TryGet(call.Slot, out _) ? vm.Slots.SetFlags(call.Slot, call.Flags)
                : vm.Slots.Create(call.Slot, call.Range, call.Flags);
            Assert.Equal(MemslotResult.Done, result);
        }
        vm.Destroy();
        Assert.Empty(vm.Oracle.Violations);
    }

    [Fact]
    public void Comments_empty_lines_carriage_returns_and_refused_calls_are_passed_over()
    {
        VmmTrace trace = VmmTrace.Parse("t", "# a comment\r\n\n" + First + "7 100.6 Slot#1 flags=0x0 gpa=0x1 size=0x7 ret=-22\n"
            + "7 100.75 Slot#0 flags=0x1 gpa=0x0 size=0x2000 ret=0\r\n7 101 Slot#0 flags=0x0 gpa=0x0 size=0x0 ret=0\n");
        Assert.Equal(
            [
                new VmmCall(0, 0, MemslotFlags.None, GfnRange.Of(0, 2)),
                new VmmCall(250_000_000, 0, MemslotFlags.LogDirtyPages, GfnRange.Of(0, 2)),
                new VmmCall(500_000_000, 0, MemslotFlags.None, GfnRange.Of(0, 0)),
            ],
            trace.Calls);
        Assert.Equal(2UL, trace.FramesMax);
    }

    [Theory]
    [InlineData("7 100.6 Slot#1 flags=0x0 gpa=0x4000 size=0x1000 ret=0", "line 2", "line end", "truncated")]
    [InlineData("7 100.6 Slot#1 flags=0x0 gpa=0x4000 si", "line 2", "expected", "size=0xS")]
    [InlineData("7 100.6 Slot#1 flags=0x0 gpa=0x40zz size=0x1000 ret=0\n", "line 2", "expected", "gpa=0xA")]
    [InlineData("7 100.6 Slot#1 flags=0x9 gpa=0x4000 size=0x1000 ret=0\n", "line 2", "expected", "flags=0xF")]
    [InlineData("7 100.6 Slot#1 flags=0x0 gpa=0x4000 size=0x11112222333344445 ret=0\n", "line 2", "expected", "size=0xS")]
    [InlineData("7 ١٢٣ Slot#1 flags=0x0 gpa=0x4000 size=0x1000 ret=0\n", "line 2", "expected", "SECONDS")]
    [InlineData("7 100.6 Slot#१ flags=0x0 gpa=0x4000 size=0x1000 ret=0\n", "line 2", "expected", "Slot#N")]
    [InlineData("7 999999999999 Slot#1 flags=0x0 gpa=0x4000 size=0x1000 ret=0\n", "line 2", "expected", "time")]
    [InlineData("7 100.6 Slot#1 flags=0x0 gpa=0x4001 size=0x1000 ret=0\n", "line 2", "expected", "multiples of 0x1000")]
    [InlineData("7 100.6 Slot#1 flags=0x0 gpa=0x4000 size=0x1800 ret=0\n", "line 2", "expected", "multiples of 0x1000")]
    [InlineData("7 100.6 Slot#1 flags=0x0 gpa=0xfffffffffffff000 size=0x2000 ret=0\n", "line 2", "expected", "below 2^48")]
    [InlineData("7 100.6 Slot#1 flags=0x0 gpa=0x1000 size=0x2000 ret=0\n", "line 2", "free of other slots", "overlaps slot 0")]
    [InlineData("7 100.6 Slot#0 flags=0x0 gpa=0x0 size=0x1000 ret=0\n", "line 2", "expected slot 0", "another range")]
    [InlineData("7 100.6 Slot#0 flags=0x2 gpa=0x0 size=0x2000 ret=0\n", "line 2", "expected slot 0", "stay writable")]
    [InlineData("7 100.6 Slot#4 flags=0x0 gpa=0x0 size=0x0 ret=0\n", "line 2", "expected slot 4 to exist", "deleted")]
    [InlineData("7 100.4 Slot#1 flags=0x0 gpa=0x4000 size=0x1000 ret=0\n", "line 2", "expected a time", "backward")]
    public void Damage_is_refused_by_line_with_what_was_expected(string damaged, string line, string expected, string detail)
    {
        VmmTraceException refused = Assert.Throws<VmmTraceException>(() => VmmTrace.Parse("boot.txt", First + damaged));
        Assert.StartsWith($"boot.txt, {line}: ", refused.Message, StringComparison.Ordinal);
        Assert.Contains(expected, refused.Message, StringComparison.Ordinal);
        Assert.Contains(detail, refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n\n# nothing but this\n")]
    [InlineData("7 100.6 Slot#1 flags=0x0 gpa=0x4000 size=0x1000 ret=-17\n")]
    public void A_trace_without_calls_is_refused_and_names_the_form_of_a_line(string text)
    {
        VmmTraceException refused = Assert.Throws<VmmTraceException>(() => VmmTrace.Parse("boot.txt", text));
        Assert.Contains("boot.txt: expected at least one line", refused.Message, StringComparison.Ordinal);
        Assert.Contains("Slot#N", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Binary_garbage_is_refused_at_its_first_line()
    {
        byte[] bytes = new byte[4096];
        new Random(7).NextBytes(bytes);
        bytes[0] = 0x7f;
        VmmTraceException refused =
            Assert.Throws<VmmTraceException>(() => VmmTrace.Parse("core", Encoding.Latin1.GetString(bytes)));
        Assert.StartsWith("core, line 1: expected", refused.Message, StringComparison.Ordinal);
        Assert.True(refused.Message.Length < 300, "the message quotes the whole garbage");
    }

    [Fact]
    public void There_may_be_as_many_slots_as_a_vm_holds_and_their_flags_may_change_then()
    {
        StringBuilder text = new();
        string Line(int slot, int flags) => $"7 100 Slot#{slot} flags=0x{flags} gpa=0x{slot:x}000 size=0x1000 ret=0\n";
        for (int slot = 0; slot < MemslotArray.Capacity; slot++) text.Append(Line(slot, 0));
        text.Append(Line(5, 1));
        Assert.Equal(MemslotArray.Capacity + 1, VmmTrace.Parse("t", text.ToString()).Calls.Count);
        text.Append(Line(MemslotArray.Capacity, 0));
        VmmTraceException refused = Assert.Throws<VmmTraceException>(() => VmmTrace.Parse("t", text.ToString()));
        Assert.Contains($"at most {MemslotArray.Capacity} slots", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("no-such-trace")]
    [InlineData("/no/such/file")]
    [InlineData("/tmp")]
    [InlineData("")]
    [InlineData("a\0b")]
    public void A_trace_that_is_nowhere_is_refused_with_the_names_of_those_there_are(string name)
    {
        VmmTraceException refused = Assert.Throws<VmmTraceException>(() => VmmTrace.Load(name));
        Assert.Contains("seabios-pc-vga", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(BuiltIn))]
    public void A_mutated_trace_is_parsed_or_refused_and_nothing_else(string name)
    {
        const int Mutants = 4_000;
        string original = TextOf(name);
        Random random = new(20_220_302);
        int refused = 0;
        for (int mutant = 0; mutant < Mutants; mutant++)
        {
            StringBuilder text = new(original);
            for (int change = random.Next(1, 5); change > 0; change--) Mutate(text, random);
            try
            {
                VmmTrace trace = VmmTrace.Parse("mutant", text.ToString());
                Assert.NotEmpty(trace.Calls);
                Assert.All(trace.Calls, call => Assert.True(call.AtNanoseconds >= 0 && call.Range.End.Value <= trace.FramesMax));
            }
            catch (VmmTraceException error)
            {
                refused++;
                Assert.Contains("expected", error.Message, StringComparison.Ordinal);
            }
            catch (Exception error) when (error is not Xunit.Sdk.IAssertionException)
            {
                Assert.Fail($"mutant {mutant} ended in {error.GetType().Name}: {error.Message}\n{text}");
            }
        }
        Assert.InRange(refused, Mutants / 2, Mutants - 1);
    }

    private static void Mutate(StringBuilder text, Random random)
    {
        const string Nasty = "0123456789abcdefxX-+.# =\t\r\n\0\u0663\u096b\uff11\u2028e";
        int at = random.Next(text.Length);
        int length = Math.Min(random.Next(1, 80), text.Length - at);
        switch (random.Next(6))
        {
            case 0:
                text[at] = Nasty[random.Next(Nasty.Length)];
                break;
            case 1:
                text.Insert(at, Nasty[random.Next(Nasty.Length)]);
                break;
            case 2:
                if (length < text.Length) text.Remove(at, length);
                break;
            case 3:
                text.Insert(random.Next(text.Length), text.ToString(at, length));
                break;
            case 4:
                text.Insert(at, new string("9f0"[random.Next(3)], random.Next(1, 40)));
                break;
            default:
                if (at > 0) text.Length = at;
                break;
        }
    }

    private static string TextOf(string name)
    {
        using StreamReader reader = new(typeof(VmmTrace).Assembly.GetManifestResourceStream(name)!);
        return reader.ReadToEnd();
    }
}
