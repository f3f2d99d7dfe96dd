"""What the API pages read the package with: a griffe extension, named in mkdocs.yml."""

import re

import griffe


class PublicNames(griffe.Extension):
    """Makes the names of the package what a reader imports, and its examples code."""

    def on_object(self, *, obj, **kwargs):
        """Turn the section `Example:` into griffe's `Examples:`, which is shown as code."""
        if obj.docstring is not None:
            obj.docstring.value = re.sub(r"(?m)^Example:$", "Examples:", obj.docstring.value)

    def on_package(self, *, pkg, **kwargs):
        """Let `vae_keras.architectures.conv` be the function, and not the file that holds it."""
        if not pkg.exports:  # its `__all__` is computed: what it imports from public modules
            pkg.exports = [
                name
                for name, member in pkg.members.items()
                if member.is_alias
                and member.target_path.startswith(f"{pkg.name}.")
                and "._" not in member.target_path
            ]
        modules = [pkg]
        while modules:
            module = modules.pop()
            submodules = [m for m in module.members.values() if not m.is_alias and m.is_module]
            modules.extend(submodules)
            for submodule in submodules:
                name = submodule.name
                if name in (module.exports or ()) and name in submodule.members:
                    module.set_member(
                        name, griffe.Alias(name, submodule.members[name], parent=module)
                    )
