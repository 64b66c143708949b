using Lab.Application.Settings;
using Lab.Tests.Results;
using Xunit;

namespace Lab.Tests.Cli;

/// <summary>What the scripts of <c>lab completion</c> complete.</summary>
public sealed class CompletionTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("lab com", "compare completion")]
    [InlineData("lab track ac", "acknowledge")]
    [InlineData("lab --work", "--workload --workers --worker-nice")]
    [InlineData("lab --strategy work", "workqueue")]
    [InlineData("lab --strategy baseline,main", "baseline,mainline")]
    [InlineData("lab --strategy = base", "baseline")]
    [InlineData("lab run --workload memslot", "memslot-churn")]
    [InlineData("lab compare mainline slot-z", "slot-zap slot-zap-no-flush")]
    [InlineData("lab compare mainline --tai", "--tail")]
    [InlineData("lab explore --search ex", "exhaustive")]
    [InlineData("lab explore --scenario two-fast-zaps-d", "two-fast-zaps-dirty-log")]
    [InlineData("lab list work", "workloads")]
    [InlineData("lab completion f", "fish")]
    [InlineData("lab report --ou", "--out")]
    [InlineData("lab report --out re", "")]
    [InlineData("lab track gate --form", "--format")]
    [InlineData("lab doctor --hel", "--help")]
    public void Bash_completes_verbs_options_and_names(string typed, string completed)
    {
        string script = Path.Combine(_folder.Path, "lab.bash");
        File.WriteAllText(script, LabHere.Run("completion", "bash").Out);
        LabExit bash = LabProcess.RunIn($$"""
            set -u; source '{{script}}'
            COMP_WORDS=({{typed}}); COMP_CWORD={{typed.Count(one => one == ' ')}}; COMPREPLY=()
            _lab; complete -p lab
            printf '%s\n' "${COMPREPLY[@]}"
            """);
        Assert.Equal(("complete -o default -F _lab lab", ""), (bash.Out.Split('\n')[0], bash.Error));
        Assert.Equal(completed.Split(' ').Order(), bash.Out.TrimEnd().Split('\n').Skip(1).DefaultIfEmpty("").Order());
    }

    [Theory]
    [InlineData("bash", "--")]
    [InlineData("zsh", "--")]
    [InlineData("fish", "-l ")]
    public void Every_shell_gets_every_verb_and_option_and_the_names(string shell, string dashes)
    {
        LabExit lab = LabHere.Run("completion", shell);
        Assert.Equal((0, ""), (lab.Code, lab.Error));
        Assert.All(RunSettings.All.Where(one => !one.IsHidden),
            setting => Assert.Matches($"{dashes}{setting.Name}[ \"]", lab.Out));
        Assert.All(["compare", "acknowledge", "completion", "refcount2", "memslot-churn", "exhaustive", "baselines"],
            word => Assert.Matches($@"[ ""]{word}[ "")]", lab.Out));
        Assert.DoesNotMatch("lab watch|seen_subcommand_from watch", lab.Out);
    }

    [Theory]
    [InlineData("needs to know the shell: bash, zsh, fish", "completion")]
    [InlineData("There is no shell 'bsh'. Did you mean 'bash'?", "completion", "bsh")]
    public void A_shell_that_is_none_is_refused(string complaint, params string[] arguments) =>
        BadInputTests.AssertRefusal(LabHere.Run(arguments), complaint, "fish");
}
