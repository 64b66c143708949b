using Lab.Explorer.Scenarios;
using Lab.Mmu;
using Lab.Strategies;
using Xunit;

namespace Lab.Tests.Explorer;

/// <summary>Scenario files are read as they are meant, and what they cannot mean is refused with its line.</summary>
public sealed class ScenarioTextTests
{
    private const string Good = """
        # A fast zap against vCPUs
        # that reload.

        # not the story
        rejects async-put, xchg-put
        param vcpus = 2
        param pages = 2   # comment
        slot main 0 + {pages*2}
        slot churn {pages*2} + 1
        slot later {pages*2+1} + 1 absent
        before vcpu0..vcpu{vcpus-1}: touch {n}
        before loader: create later
        thread zapper: delete churn, create churn, move churn to 6, flags main dirty, flags main none
        threads vcpu0..vcpu{vcpus-1}: reload, write {n}, switch smm, switch wp-off, switch normal, serve, unload
        thread reader: write-protect main, write-protect main all, repeat 2: write-protect main
        thread host: unmap 0 + 2, unmap-start 1 + 1, unmap-end 1 + 1, lock page, reap 0 + 1, unlock page, age 0 + 2
        end destroy
        """;

    private static IEnumerable<(string Name, string Text)> OfAllFamilies => Family.All.SelectMany(Catalogue.ScenariosOf);

    public static TheoryData<string> Embedded => [.. OfAllFamilies.Select(one => one.Name)];

    [Fact]
    public void A_good_file_is_read_as_it_is_meant()
    {
        Scenario scenario = ScenarioText.Parse("good", Good);

        Assert.Equal(("good", "A fast zap against vCPUs that reload.", true, 2),
            (scenario.Name, scenario.Story, scenario.DestroysAtEnd, scenario.Vcpus));
        Assert.Equal(["async-put", "xchg-put"], scenario.Rejects);
        Assert.Equal([new ScenarioParameter("vcpus", 2, 2), new ScenarioParameter("pages", 2, 2)], scenario.Parameters);
        Assert.Equal([new ScenarioSlot("main", 0, GfnRange.Of(0, 4), false), new ScenarioSlot("churn", 1, GfnRange.Of(4, 1),
            false), new ScenarioSlot("later", 2, GfnRange.Of(5, 1), true)], scenario.Slots);
        Assert.Equal(["vcpu0: touch 0", "vcpu1: touch 1", "loader: create later"], scenario.Before.Select(Words));
        Assert.Equal(
            [
                "zapper: delete churn, create churn, move churn to 6, flags main dirty, flags main none",
                "vcpu0: reload, write 0, switch smm, switch wp-off, switch normal, serve, unload",
                "vcpu1: reload, write 1, switch smm, switch wp-off, switch normal, serve, unload",
                "reader: write-protect main, write-protect main all, write-protect main, write-protect main",
                "host: unmap 0 + 2, unmap-start 1 + 1, unmap-end 1 + 1, lock page, reap 0 + 1, unlock page, age 0 + 2",
            ],
            scenario.Threads.Select(Words));
        Assert.Equal([null, 0, 1, null, null], scenario.Threads.Select(actor => actor.Vcpu));
        Assert.Equal(new TouchAction(1, Write: true), scenario.Threads[2].Actions[1]);
    }

    [Fact]
    public void Parameters_can_be_set()
    {
        Scenario scenario = ScenarioText.Parse("good", Good, new Dictionary<string, long> { ["vcpus"] = 1, ["pages"] = 1 });
        Assert.Equal(1, scenario.Vcpus);
        Assert.Equal(2UL, scenario.Slot("main").Range.Frames);
        Assert.Equal(new ScenarioParameter("vcpus", 2, 1), scenario.Parameters[0]);
        Assert.Throws<ArgumentException>(() => ScenarioText.Parse("good", Good, new Dictionary<string, long> { ["nope"] = 1 }));
    }

    [Fact]
    public void The_fingerprint_follows_the_actions_and_not_the_comments()
    {
        string fingerprint = ScenarioText.Parse("good", Good).Fingerprint;
        Assert.Equal(fingerprint,
            ScenarioText.Parse("good", Good.Replace("# not the story", "", StringComparison.Ordinal)).Fingerprint);
        Assert.NotEqual(fingerprint,
            ScenarioText.Parse("good", Good.Replace("serve, unload", "unload", StringComparison.Ordinal)).Fingerprint);
        Assert.NotEqual(fingerprint,
            ScenarioText.Parse("good", Good, new Dictionary<string, long> { ["pages"] = 1 }).Fingerprint);
    }

    [Theory]
    [MemberData(nameof(Embedded))]
    public void Every_embedded_scenario_parses_and_tells_its_story(string name)
    {
        Scenario scenario = ScenarioText.Parse(name, OfAllFamilies.Single(one => one.Name == name).Text);
        Assert.EndsWith(".", scenario.Story);
        Assert.True(scenario.DestroysAtEnd || scenario.Threads.Any(actor => actor.Actions[^1] is DestroyAction));
        if (scenario.Parameters.Any(parameter => parameter.Name == "vcpus"))
        {
            Assert.Equal(3, ScenarioText.Parse(name, scenario.Text, new Dictionary<string, long> { ["vcpus"] = 3 }).Vcpus);
        }
    }

    [Fact]
    public void Every_scenario_file_is_in_the_catalogue_and_the_readme()
    {
        string strategies = Path.Combine(Cli.LabProcess.Checkout, "strategies");
        string readme = File.ReadAllText(Path.Combine(strategies, "roots", "scenarios", "README.md"));
        foreach (Family family in Family.All)
        {
            string[] files = Directory.GetFiles(Path.Combine(strategies, family.Name, "scenarios"), "*.scenario");
            Assert.Equal(files.Select(file => Path.GetFileNameWithoutExtension(file)).Order(),
                Catalogue.ScenariosOf(family).Select(one => one.Name).Order());
            Assert.All(Catalogue.ScenariosOf(family), one => Assert.Contains($"`{one.Name}`", readme));
        }
    }

    [Fact]
    public void Every_broken_strategy_has_a_scenario_that_was_written_for_it() =>
        Assert.Equal(
            [
                "async-put", "early-return", "no-flush", "off-list", "refcount2-first", "requeue", "slot-zap-no-flush",
                "xchg-draft", "xchg-put",
            ],
            Catalogue.RootScenarios.SelectMany(one => ScenarioText.Parse(one.Name, one.Text).Rejects).Distinct().Order());

    [Theory]
    [InlineData(1, "paran x = 1",
        "expected 'param', 'slot', 'before', 'thread', 'threads', 'rejects', 'fair', 'pre-check', 'fast-faults', 'mmio-caching', "
            + "'large-pages', 'levels', 'sequence' or 'end destroy', found 'paran x = 1'")]
    [InlineData(1, "levels 4", "expected 'levels 2' or 'levels 3', found 'levels 4'")]
    [InlineData(1, "param x 1", "expected 'param NAME = N', found 'param x 1'")]
    [InlineData(2, "param x = 1\nparam x = 2", "expected a name not yet taken, found 'x'")]
    [InlineData(1, "param n = 2", "expected a name not yet taken, found 'n'")]
    [InlineData(1, "param x = 65", "expected a value of 'x' from 0 to 64, found 65")]
    [InlineData(1, "slot main", "expected 'slot NAME FIRST + FRAMES'")]
    [InlineData(1, "slot main 0 + 0", "expected at least one frame and none above 63, found '0 + 0'")]
    [InlineData(1, "slot main 60 + 5", "none above 63, found '60 + 5'")]
    [InlineData(2, "slot main 0 + 2\nslot other 1 + 1", "expected a slot of another name and range than 'main', found 'other'")]
    [InlineData(2, "slot main 0 + 2\nslot main 2 + 1", "than 'main', found 'main'")]
    [InlineData(1, "slot twin 2 + 2 shares main", "'shares' with a slot of 2 frames from a line above, found 'main'")]
    [InlineData(2, "slot main 0 + 1\nslot twin 2 + 2 shares main", "'shares' with a slot of 2 frames from a line above")]
    [InlineData(1, "slot twin 2 + 2 shares", "with an optional 'absent' and 'shares NAME', found 'slot twin 2 + 2 shares'")]
    [InlineData(1, "slot main 0 + {pages}", "expected a parameter (none is declared above), found 'pages'")]
    [InlineData(2, "param x = 1\nslot main 0 + {x-2}", "expected a number from 0 to 999, found {x-2} = -1")]
    [InlineData(2, "param x = 1\nslot main 0 + {x/2}", "expected an expression such as {vcpus-1}")]
    [InlineData(1, "thread vcpu0: touch {0", "expected braces in pairs")]
    [InlineData(1, "thread vcpu0 touch 0", "expected 'NAME: action, …', found 'vcpu0 touch 0'")]
    [InlineData(1, "thread Vcpu: touch 0", "expected a name such as 'zapper' or 'vcpu0', found 'Vcpu'")]
    [InlineData(1, "thread vcpu8: touch 0", "expected vCPUs from 0 to 7, found 'vcpu8'")]
    [InlineData(2, "thread vcpu0: reload\nthread vcpu0: reload", "expected each thread once, found 'vcpu0' again")]
    [InlineData(1, "threads vcpu0..other1: reload", "expected names such as 'vcpu0..vcpu1'")]
    [InlineData(1, "threads vcpu3..vcpu1: reload", "in ascending order, found 'vcpu3..vcpu1'")]
    [InlineData(1, "threads a0..a19: reload", "at most 16")]
    [InlineData(1, "thread vcpu0: tuch 0", "expected 'touch G', ")]
    [InlineData(1, "thread vcpu0: touch", "found 'touch'")]
    [InlineData(1, "thread zapper: delet churn", "joined by commas, found 'delet churn' (did you mean 'delete'?).")]
    [InlineData(1, "thread vcpu0: reload; touch 0", "joined by commas, found 'reload; touch 0' (did you mean 'reload'?).")]
    [InlineData(1, "thread vcpu0: reload touch 0", "joined by commas, found 'reload touch 0'.")]
    [InlineData(1, "thread vcpu0: touch 64", "none above 63, found '64 + 1'")]
    [InlineData(1, "thread vcpu0: touch 3..1", "expected frames in ascending order")]
    [InlineData(1, "thread vcpu0: touch 0,", "found ''")]
    [InlineData(1, "thread vcpu0: switch vmm", "found 'switch vmm'")]
    [InlineData(1, "thread vcpu0: repeat 0: reload", "expected 1 to 64 repetitions, found 0")]
    [InlineData(1, "thread zapper: reload",
        "expected 'reload' of an actor that drives a vCPU (vcpu0, vcpu1, …), found it of 'zapper'")]
    [InlineData(1, "thread zapper: delete churn", "expected a slot (none is declared above), found 'churn'")]
    [InlineData(2, "slot main 0 + 2\nthread zapper: move main 2", "found 'move main 2'")]
    [InlineData(2, "slot main 0 + 2\nthread zapper: move main to 63", "none above 63")]
    [InlineData(2, "slot main 0 + 2\nthread zapper: flags main wet", "found 'flags main wet'")]
    [InlineData(2, "slot main 0 + 2\nthread zapper: write-protect", "expected a slot (main), found ''")]
    [InlineData(1, "thread host: unmap 0", "found 'unmap 0'")]
    [InlineData(1, "thread host: unmap-end 0 + 1", "expected an 'unmap-start' of 'host' before 'unmap-end 0 + 1'")]
    [InlineData(1, "thread host: unmap-start 0 + 1", "expected an 'unmap-end' after each 'unmap-start', or 'end destroy'")]
    [InlineData(1, "thread host: lock page", "expected 'unlock page' of 'host' after its 'lock page'")]
    [InlineData(1, "thread host: unlock page", "expected a 'lock page' of 'host' before 'unlock page'")]
    [InlineData(1, "thread host: lock page, lock page", "before it takes the lock again")]
    [InlineData(1, "thread host: lock Page", "expected the name of a lock of the host, such as 'page', found 'Page'")]
    [InlineData(1, "fair 2", "expected 'fair 0' or 'fair 1', found 'fair 2'")]
    [InlineData(1, "sequence -1", "expected 'sequence N' with N below 2^64, found 'sequence -1'")]
    [InlineData(1, "sequence 18446744073709551616", "expected 'sequence N' with N below 2^64")]
    [InlineData(3, "slot main 0 + 2\nbefore d: destroy\nthread vcpu0: reload", "expected 'destroy' in a thread, found it before")]
    [InlineData(2, "thread vcpu0: reload\nthread d: destroy", "expected 'destroy' as the last action of the only thread")]
    [InlineData(1, "thread d: destroy, destroy", "as the last action of the only thread")]
    [InlineData(2, "thread d: destroy\nend destroy", "expected either 'destroy' in a thread or 'end destroy', found both")]
    [InlineData(2, "thread vcpu0: reload\nend", "found 'end'")]
    [InlineData(3, "thread vcpu0: reload\nend destroy\nparam x = 1", "expected nothing after 'end destroy', found 'param x = 1'")]
    [InlineData(1, "", "expected at least one 'thread NAME: action, …' before the end of the file")]
    public void What_a_file_cannot_mean_is_refused_with_its_line(int line, string text, string problem)
    {
        ScenarioFormatException refused = Assert.Throws<ScenarioFormatException>(() => ScenarioText.Parse("bad", text));
        Assert.Equal(line, refused.Line);
        Assert.StartsWith($"Scenario 'bad', line {line}: expected ", refused.Message);
        Assert.Contains(problem, refused.Message);
        Assert.DoesNotContain('\n', refused.Message);
    }

    private static string Words(ScenarioActor actor) => $"{actor.Name}: {string.Join(", ", actor.Actions)}";
}
