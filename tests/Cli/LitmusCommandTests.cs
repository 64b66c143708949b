using System.Text.Json;
using Xunit;

namespace Lab.Tests.Cli;

/// <summary><c>lab explore --litmus</c> and <c>--program rmap-lock</c>: herd's summary, fields of the JSON, exit codes.</summary>
public sealed class LitmusCommandTests : IDisposable
{
    private const string MessagePassing = """
        C MP
        { }
        P0(int *x, int *y)
        {
            WRITE_ONCE(*x, 1);
            smp_store_release(y, 1);
        }
        P1(int *x, int *y)
        {
            int r1 = READ_ONCE(*y);
            int r2 = READ_ONCE(*x);
        }
        exists (1:r1=1 /\ 1:r2=0)
        """;

    private readonly Results.TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_summary_is_that_of_herd_and_the_fix_follows()
    {
        LabExit lab = LabHere.Run("explore", "--litmus", Written("mp.litmus", MessagePassing));
        Assert.Equal(0, lab.Code);
        Assert.Contains("Test MP Allowed\nStates 4\n1:r1=0; 1:r2=0;\n1:r1=0; 1:r2=1;\n1:r1=1; 1:r2=0;\n1:r1=1; 1:r2=1;\nOk\n"
            + "Witnesses\nPositive: 1 Negative: 3\nCondition exists (1:r1=1 /\\ 1:r2=0)\nObservation MP Sometimes 1 3\n",
            lab.Out.ReplaceLineEndings("\n"), StringComparison.Ordinal);
        Assert.Contains("would be forbidden with READ_ONCE(*y) of P1, line 10, an acquire", lab.Out, StringComparison.Ordinal);
        Assert.Contains("cycle: a →po b →rf c →po d →fr a", lab.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void Several_files_are_asked_and_a_wrong_one_is_named_with_its_line()
    {
        string wrong = Written("wrong.litmus", MessagePassing.Replace("READ_ONCE(*x)", "*x", StringComparison.Ordinal));
        LabExit lab = LabHere.Run("explore", "--litmus", wrong, Written("mp.litmus", MessagePassing), "--model", "sc");
        Assert.Equal(2, lab.Code);
        Assert.Contains($"lab: {wrong}:11: plain accesses", lab.Error, StringComparison.Ordinal);
        Assert.Contains("Observation MP Never 0 3", lab.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("exists", 0)]
    [InlineData("~exists", 4)]
    [InlineData("forall", 4)]
    public void What_must_not_happen_and_does_is_a_violation(string quantifier, int code)
    {
        string file = Written("mp.litmus", MessagePassing.Replace("exists", quantifier, StringComparison.Ordinal));
        LabExit lab = LabHere.Run("explore", "--litmus", file, "--format", "json");
        Assert.Equal(code, lab.Code);
        JsonElement one = Assert.Single(JsonDocument.Parse(lab.Out).RootElement.EnumerateArray());
        Assert.Equal(("MP", "lkmm", "sometimes", 4, 4), (one.GetProperty("test").GetString(),
            one.GetProperty("model").GetString(),
            one.GetProperty("observation").GetString(), one.GetProperty("executions").GetInt32(),
            one.GetProperty("states").GetArrayLength()));
        Assert.Equal(code == 4 ? "violated" : "nothing_found", one.GetProperty("verdict").GetString());
    }

    [Theory]
    [InlineData("rmap-lock", "", 0)]
    [InlineData("rmap-lock", "lkmm", 4)]
    [InlineData("rmap-lock", "tso", 0)]
    [InlineData("rmap-lock-v7", "lkmm", 4)]
    [InlineData("rmap-lock-v7", "rc11", 0)]
    [InlineData("rmap-lock-v9", "lkmm", 0)]
    public void A_version_of_the_rmap_lock_that_fails_under_the_model_asked_for_is_a_violation(
        string program, string model, int code)
    {
        string[] asked = model.Length > 0 ? ["--model", model] : [];
        Assert.Equal(code, LabHere.Run(["explore", "--program", program, .. asked]).Code);
    }

    [Theory]
    [InlineData("--model arm", "--model arm is for litmus tests and programs; strategies are explored under sc or tso")]
    [InlineData("--program sb --model lkmm --search random", "--search is about schedules; under lkmm there are executions")]
    [InlineData("--program sb --replay e1:program:t0+t1:lkmm:00000000:b=1:", "checksum does not match")]
    [InlineData("--program rmap-lock --seed 3", "--seed is about schedules")]
    [InlineData("--program sb --weaken", "--weaken is for litmus tests")]
    [InlineData("--litmus nowhere.litmus", "'nowhere.litmus' cannot be read")]
    public void What_does_not_fit_together_is_refused(string arguments, string why)
    {
        LabExit lab = LabHere.Run(["explore", .. arguments.Split(' ')]);
        Assert.Equal(2, lab.Code);
        Assert.Contains(why, lab.Error, StringComparison.Ordinal);
    }

    private string Written(string name, string text)
    {
        string path = Path.Combine(_folder.Path, name);
        File.WriteAllText(path, text);
        return path;
    }
}
